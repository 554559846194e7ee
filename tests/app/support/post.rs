//! A mail server that keeps what it takes in memory, and refuses what it is told to.

use std::collections::VecDeque;
use std::sync::Mutex;

use bureau::net::post::{Letter, Post, Refusal};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// What was taken, and what is to be refused.
#[derive(Default)]
pub struct TestPost {
    taken: Mutex<Vec<Letter>>,
    refusals: Mutex<VecDeque<Refusal>>,
}

impl TestPost {
    /// Refuses the next mail that is not refused already.
    pub fn refuse(&self, refusal: Refusal) {
        self.refusals.lock().unwrap().push_back(refusal);
    }

    /// Everything that was taken so far, in order.
    pub fn taken(&self) -> Vec<Letter> {
        self.taken.lock().unwrap().clone()
    }

    /// The one mail that was taken since the last look.
    #[track_caller]
    pub fn only(&self) -> Letter {
        let mut taken = std::mem::take(&mut *self.taken.lock().unwrap());
        assert_eq!(taken.len(), 1, "mails were taken");
        taken.remove(0)
    }
}

impl Post for TestPost {
    fn send(&self, letter: Letter) -> BoxFuture<'_, Result<(), Refusal>> {
        let answer = match self.refusals.lock().unwrap().pop_front() {
            Some(refusal) => Err(refusal),
            None => {
                self.taken.lock().unwrap().push(letter);
                Ok(())
            }
        };
        async move { answer }.boxed()
    }

    fn shown(&self) -> String {
        "memory as Fielder Studio <office@fielder.studio>".to_owned()
    }
}
