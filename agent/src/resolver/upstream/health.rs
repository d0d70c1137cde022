//! How well a server answered lately, and in which order servers are asked because of it.

use std::time::{Duration, Instant};

/// What a server is taken to need before it has ever answered.
const RTT_UNKNOWN: Duration = Duration::from_millis(150);
/// A new measurement counts for one part in this many (RFC 6298 §2).
const SMOOTHING: u32 = 8;
/// A server that failed this often in a row is set aside for a while. One lost datagram says nothing.
const FAILURES_MIN: u32 = 2;
/// How long a server is set aside first; doubled with every further failure.
const BACK_OFF_FIRST: Duration = Duration::from_millis(500);
/// How long a server is set aside at most.
const BACK_OFF_MAX: Duration = Duration::from_secs(30);
/// One question in this many goes to another server than the best first, so that a server that has become faster is
/// noticed.
const EXPLORE_ONE_IN: u32 = 32;
/// Another server is asked as well once the first has taken this many times what it usually takes.
const PATIENCE: u32 = 3;
/// Never asked as well sooner than this.
const PATIENCE_MIN: Duration = Duration::from_millis(100);
/// Never asked as well later than this.
const PATIENCE_MAX: Duration = Duration::from_millis(800);

/// What is known of a server.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Health {
    /// The smoothed time that an answer takes.
    smoothed: Option<Duration>,
    /// In a row.
    failures: u32,
    /// Set aside until then.
    until: Option<Instant>,
}

impl Health {
    /// The server answered after `time`.
    pub(crate) fn answered(&mut self, time: Duration) {
        self.failures = 0;
        self.until = None;
        self.observe(time);
    }

    /// The server had not answered after `time` when another one had. That is no failure, but an answer would have taken
    /// at least as long.
    pub(crate) fn overtaken(&mut self, time: Duration) {
        if time > self.expected() {
            self.observe(time);
        }
    }

    /// The server did not answer, or not as a server should.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_MIN {
            let doublings = (self.failures - FAILURES_MIN).min(16);
            self.until = Some(now + (BACK_OFF_FIRST * (1 << doublings)).min(BACK_OFF_MAX));
        }
    }

    /// True while the server is set aside.
    pub(crate) fn is_down(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// True if the last attempts failed, whether or not the server may be tried again by now.
    pub(crate) fn is_failing(&self) -> bool {
        self.failures >= FAILURES_MIN
    }

    /// The smoothed time that an answer takes; none before the first.
    pub(crate) fn smoothed(&self) -> Option<Duration> {
        self.smoothed
    }

    /// How long to wait for this server before another one is asked as well.
    pub(crate) fn patience(&self) -> Duration {
        (self.expected() * PATIENCE).clamp(PATIENCE_MIN, PATIENCE_MAX)
    }

    fn expected(&self) -> Duration {
        self.smoothed.unwrap_or(RTT_UNKNOWN)
    }

    fn observe(&mut self, time: Duration) {
        self.smoothed = Some(match self.smoothed {
            None => time,
            Some(smoothed) => (smoothed * (SMOOTHING - 1) + time) / SMOOTHING,
        });
    }
}

/// The order in which servers are asked, as indices: those that work by the time they take, then those that are set aside,
/// the one first whose time is up first. Now and then, as `random` has it, another one comes first.
pub(crate) fn order(servers: &[Health], now: Instant, random: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..servers.len()).collect();
    order.sort_by_key(|&index| {
        let server = &servers[index];
        if server.is_down(now) { (server.until, Duration::ZERO) } else { (None, server.expected()) }
    });
    let working = servers.iter().filter(|server| !server.is_down(now)).count();
    if working > 1 && random.is_multiple_of(EXPLORE_ONE_IN) {
        let chosen = 1 + (random / EXPLORE_ONE_IN) as usize % (working - 1);
        order[..=chosen].rotate_right(1);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOT_EXPLORING: u32 = 1;

    fn answering(milliseconds: u64) -> Health {
        let mut health = Health::default();
        health.answered(Duration::from_millis(milliseconds));
        health
    }

    #[test]
    fn the_fastest_is_asked_first_and_the_failing_last() {
        let now = Instant::now();
        let mut dead = answering(1);
        for _ in 0..FAILURES_MIN {
            assert!(!dead.is_down(now));
            dead.failed(now);
        }
        assert!(dead.is_down(now));
        let servers = [answering(200), dead, answering(20), Health::default()];
        assert_eq!(order(&servers, now, NOT_EXPLORING), [2, 3, 0, 1]);
        let later = now + BACK_OFF_FIRST;
        assert!(!dead.is_down(later) && dead.is_failing());
        assert_eq!(order(&servers, later, NOT_EXPLORING), [1, 2, 3, 0]);
        let mut recovered = dead;
        recovered.answered(Duration::from_millis(1));
        assert!(!recovered.is_failing());
    }

    #[test]
    fn when_all_are_set_aside_all_are_still_tried() {
        let now = Instant::now();
        let mut servers = [answering(10), answering(20)];
        for _ in 0..5 {
            servers[0].failed(now);
        }
        for _ in 0..3 {
            servers[1].failed(now);
        }
        assert_eq!(order(&servers, now, NOT_EXPLORING), [1, 0]);
        assert_eq!(order(&servers, now, 0), [1, 0], "there is nothing to explore");
    }

    #[test]
    fn setting_aside_grows_and_is_bounded() {
        let now = Instant::now();
        let mut health = Health::default();
        let mut before = Duration::ZERO;
        for _ in 0..100 {
            health.failed(now);
            let aside = health.until.map_or(Duration::ZERO, |until| until - now);
            assert!(aside >= before && aside <= BACK_OFF_MAX);
            before = aside;
        }
        assert_eq!(before, BACK_OFF_MAX);
    }

    #[test]
    fn others_are_tried_now_and_then() {
        let now = Instant::now();
        let servers = [answering(10), answering(20), answering(30)];
        let first: Vec<usize> = (0..2 * EXPLORE_ONE_IN).map(|random| order(&servers, now, random)[0]).collect();
        assert_eq!(first.iter().filter(|&&index| index == 0).count() as u32, 2 * EXPLORE_ONE_IN - 2);
        assert!(first.contains(&1) && first.contains(&2));
        let mut order = order(&servers, now, 0);
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2], "everyone is in it once");
    }

    #[test]
    fn patience_follows_what_a_server_needs() {
        assert_eq!(answering(1).patience(), PATIENCE_MIN);
        assert_eq!(answering(100).patience(), Duration::from_millis(300));
        assert_eq!(answering(5_000).patience(), PATIENCE_MAX);
        let mut health = answering(100);
        health.overtaken(Duration::from_millis(50));
        assert_eq!(health, answering(100), "it might have answered a moment later");
        health.overtaken(Duration::from_millis(900));
        assert_eq!(health.expected(), Duration::from_millis(200));
    }
}
