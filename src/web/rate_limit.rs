//! How many requests one network may make: a flood is refused before it costs a look into the database. The door, proofs
//! and the vault count on their own, by account.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError, web};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::App;
use super::client_ip::{client_ip, network};
use crate::error::AppError;

/// The header that names the rule.
pub const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// The header that says what is left of it.
pub const STATE: HeaderName = HeaderName::from_static("ratelimit");
/// Requests after which networks that have been quiet are forgotten.
const FORGET_EVERY: u32 = 4_096;

type Networks = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// Counts the requests of each network.
#[derive(Debug)]
pub struct Limiter {
    networks: Networks,
    per_minute: NonZeroU32,
    seen: AtomicU32,
}

impl Limiter {
    /// One that lets `per_minute` requests through, a whole minute's at once; `None` for 0, which is no limit.
    pub fn new(per_minute: u32) -> Option<Self> {
        let per_minute = NonZeroU32::new(per_minute)?;
        let networks = RateLimiter::dashmap(Quota::per_minute(per_minute)).with_middleware();
        Some(Self { networks, per_minute, seen: AtomicU32::new(0) })
    }

    /// Counts one; what is left of the minute, or the seconds to wait.
    fn take(&self, ip: IpAddr) -> Result<u32, i64> {
        if self.seen.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.networks.retain_recent();
        }
        match self.networks.check_key(&network(ip)) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(refusal) => {
                let wait = refusal.wait_time_from(DefaultClock::default().now());
                Err(i64::try_from(wait.as_secs()).unwrap_or(60) + 1)
            }
        }
    }

    /// The headers of draft-ietf-httpapi-ratelimit-headers: the rule, what is left of it and the seconds until more is.
    fn tell(&self, headers: &mut HeaderMap, left: u32, seconds: i64) {
        let (policy, state) =
            (format!("\"network\";q={};w=60", self.per_minute), format!("\"network\";r={left};t={seconds}"));
        for (name, value) in [(POLICY, policy), (STATE, state)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }

    /// Seconds until a network that has `left` requests left has them all again.
    fn until_full(&self, left: u32) -> i64 {
        let all = i64::from(self.per_minute.get());
        let used = all - i64::from(left);
        (used * 60 + all - 1) / all
    }
}

/// Refuses a network that asks too much, and tells the others what they have left.
pub async fn count(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let app = request.app_data::<web::Data<App>>().cloned();
    let limited = app.as_ref().and_then(|app| {
        let limiter = app.limiter.as_ref()?;
        Some((limiter, client_ip(request.request(), &app.config.trusted_proxies)?))
    });
    let Some((limiter, ip)) = limited else { return next.call(request).await };
    match limiter.take(ip) {
        Ok(left) => {
            let mut response = next.call(request).await?;
            limiter.tell(response.headers_mut(), left, limiter.until_full(left));
            Ok(response)
        }
        Err(seconds) => {
            let refusal = AppError::TooMany(seconds);
            let mut response = refusal.error_response();
            limiter.tell(response.headers_mut(), 0, seconds);
            Err(InternalError::from_response(refusal, response).into())
        }
    }
}
