//! Households in whose time zone it is about noon, whenever trials run: bedtimes are usual for children, and must not come
//! into the way.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds of a minute, an hour and a day.
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const NOON: i64 = 12;

/// A time zone without summer time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NoonZone {
    /// Hours that its clocks are ahead of UTC.
    ahead: i64,
}

impl NoonZone {
    /// The zone in which it is between 12:00 and 13:00 now.
    pub(crate) fn now() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::at(now.as_secs() as i64)
    }

    /// The same for so many seconds since 1970.
    const fn at(seconds: i64) -> Self {
        Self { ahead: NOON - seconds % DAY / HOUR }
    }

    /// Its IANA name: those of `Etc` have their signs turned round.
    pub(crate) fn name(self) -> String {
        format!("Etc/GMT{:+}", -self.ahead)
    }

    /// What its clocks show at so many seconds since 1970, as forms take it.
    pub(crate) fn time_of_day(self, seconds: u64) -> String {
        let minutes = (seconds as i64 + self.ahead * HOUR).rem_euclid(DAY) / MINUTE;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_always_noon_somewhere() {
        for hour in 0..24 {
            let seconds = 3 * DAY + hour * HOUR + 7 * MINUTE;
            let zone = NoonZone::at(seconds);
            assert_eq!(zone.time_of_day(seconds as u64), "12:07");
            let known = stairgate_policy::zones::zone(&zone.name()).unwrap();
            let offset = known.to_offset(jiff::Timestamp::from_second(seconds).unwrap());
            assert_eq!(i64::from(offset.seconds()), zone.ahead * HOUR);
        }
    }
}
