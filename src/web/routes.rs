//! Routes that carry their policy.
//!
//! The policy is the type of a handler's first argument: a handler that does not begin with an [`Access`]
//! cannot be routed, so no route is open by oversight.

use actix_web::http::{Method, header};
use actix_web::{FromRequest, Handler, HttpResponse, Responder, web};

use super::query::Unread;
use crate::auth::policy::Policy;
use crate::error::{AppError, AppResult};

/// A first argument that lets a request in or refuses it.
pub trait Access: FromRequest {
    /// Whom it lets in.
    const POLICY: Policy;
    /// Whether who is let in must have proved shortly before that it is them.
    const STEP_UP: bool = false;
}

/// Handler arguments that begin with an [`Access`].
pub trait Guarded: FromRequest {
    /// The policy of that first argument.
    const POLICY: Policy;
    /// Whether that first argument asks for a proof.
    const STEP_UP: bool;
}

macro_rules! guarded {
    ($($rest:ident)*) => {
        impl<A: Access + 'static, $($rest: FromRequest + 'static),*> Guarded for (A, $($rest,)*) {
            const POLICY: Policy = A::POLICY;
            const STEP_UP: bool = A::STEP_UP;
        }
    };
}
guarded! {}
guarded! { B }
guarded! { B C }
guarded! { B C D }
guarded! { B C D E }
guarded! { B C D E F }

/// One method on one path.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path with its placeholders, as in `/clients/{id}`.
    pub path: &'static str,
    /// Whom it lets in.
    pub policy: Policy,
    /// Whether it asks for a proof, shortly before, that it is them.
    pub step_up: bool,
    build: Box<dyn Fn(Method) -> actix_web::Route + Send + Sync>,
}

/// The routes of an area, in order.
#[derive(Default)]
pub struct Routes(Vec<Route>);

impl Routes {
    /// No routes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers GET.
    pub fn get<F, Args>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: Guarded + 'static,
        F::Output: Responder + 'static,
    {
        self.route(Method::GET, path, handler)
    }

    /// Answers POST.
    pub fn post<F, Args>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: Guarded + 'static,
        F::Output: Responder + 'static,
    {
        self.route(Method::POST, path, handler)
    }

    /// Answers PUT.
    pub fn put<F, Args>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: Guarded + 'static,
        F::Output: Responder + 'static,
    {
        self.route(Method::PUT, path, handler)
    }

    /// Answers DELETE.
    pub fn delete<F, Args>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: Guarded + 'static,
        F::Output: Responder + 'static,
    {
        self.route(Method::DELETE, path, handler)
    }

    fn route<F, Args>(mut self, method: Method, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: Guarded + 'static,
        F::Output: Responder + 'static,
    {
        let build: Box<dyn Fn(Method) -> actix_web::Route + Send + Sync> = if Args::POLICY == Policy::Public {
            // Whoever follows a link out of a mail brings along what others put behind it.
            Box::new(move |on| web::method(on).to(handler.clone()))
        } else {
            Box::new(move |on| {
                let handler = handler.clone();
                // Arguments are read in their order.
                web::method(on).to(move |args: Args, _: Unread| handler.call(args))
            })
        };
        self.0.push(Route { method, path, policy: Args::POLICY, step_up: Args::STEP_UP, build });
        self
    }

    /// These and then `others`.
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Every route.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }

    /// Every route, to keep.
    pub fn into_vec(self) -> Vec<Route> {
        self.0
    }

    /// The same routes with `prefix` taken off their paths, for a scope of that name.
    pub fn within(mut self, prefix: &'static str) -> Self {
        for route in &mut self.0 {
            route.path = route.path.strip_prefix(prefix).unwrap_or(route.path);
        }
        self
    }

    /// Registers the routes: a scope for each first segment, so that a request is compared with the paths of its own
    /// area only, in it one resource a path, its other methods answered with 405. `{id}` takes digits only.
    pub fn configure(&self, cfg: &mut web::ServiceConfig) {
        let mut areas: Vec<&str> = self.0.iter().map(|route| area(route.path)).collect();
        areas.sort_unstable();
        areas.dedup();
        for area_name in areas {
            if area_name == "/" {
                cfg.service(self.resource("/", ""));
                continue;
            }
            let mut scope = web::scope(area_name).default_service(web::to(nothing));
            let mut done: Vec<&str> = Vec::new();
            for route in self.0.iter().filter(|route| area(route.path) == area_name) {
                if !done.contains(&route.path) {
                    done.push(route.path);
                    scope = scope.service(self.resource(route.path, area_name));
                }
            }
            cfg.service(scope);
        }
    }

    fn resource(&self, path: &str, area_name: &str) -> actix_web::Resource {
        let mut resource = web::resource(pattern(path.strip_prefix(area_name).unwrap_or(path)));
        let mut allowed: Vec<&str> = Vec::new();
        for route in self.0.iter().filter(|route| route.path == path) {
            resource = resource.route((route.build)(route.method.clone()));
            allowed.push(route.method.as_str());
            if route.method == Method::GET {
                allowed.push("HEAD");
                // The server drops the body of an answer to HEAD.
                resource = resource.route((route.build)(Method::HEAD));
            }
        }
        let allowed = allowed.join(", ");
        resource.default_service(web::to(move || method_not_allowed(allowed.clone())))
    }
}

/// "/clients" of "/clients/{id}".
fn area(path: &str) -> &str {
    let end = path.get(1..).and_then(|rest| rest.find('/')).map_or(path.len(), |at| at + 1);
    path.get(..end).unwrap_or(path)
}

fn pattern(path: &str) -> String {
    // Not \d: that is every digit of Unicode, a table of some kilobytes in each of hundreds of patterns.
    path.replace("_id}", "_id:[0-9]+}").replace("{id}", "{id:[0-9]+}")
}

/// 404.
pub async fn nothing() -> AppResult<HttpResponse> {
    Err(AppError::NotFound)
}

async fn method_not_allowed(allowed: String) -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, allowed)).finish()
}
