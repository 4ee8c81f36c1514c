use std::time::Duration;

use chrono_tz::Tz;

use crate::domain::schedule::{Schedule, When};
use crate::spec::problems::At;
use crate::spec::raw::RawSchedule;
use crate::spec::suggest;

use super::resolver::Resolver;

/// Firings missed for longer than this are not run, if the file says nothing else.
const MISSED_WINDOW: Duration = Duration::from_hours(24);

/// The shortest interval. A run is a few transactions; something that should happen more often is no job.
const SHORTEST: Duration = Duration::from_secs(1);

impl Resolver<'_, '_> {
    /// When a job is due.
    pub(super) fn schedule(&mut self, raw: &RawSchedule, at: At<'_>) -> Option<Schedule> {
        let zone = raw.timezone.as_deref().map_or(Some(Tz::UTC), |name| self.zone(name, at.key("timezone")));
        let missed_window = self.duration(raw.missed_window.as_ref(), at, "missed_window").unwrap_or(MISSED_WINDOW);
        let when = match self.one_of(at, &[("cron", raw.cron.is_some()), ("every", raw.every.is_some())])? {
            "cron" => When::Cron(raw.cron.clone()?),
            _ => When::Every(self.interval(raw, at)?),
        };
        let schedule = Schedule {
            when,
            zone: zone?,
            missed: raw.missed.unwrap_or_default(),
            missed_window,
            gap: raw.gap.unwrap_or_default(),
            repeat: raw.repeat.unwrap_or_default(),
        };
        if let Err(error) = schedule.validate(self.known.now) {
            let hint = "minute hour day-of-month month day-of-week, for example `30 6 * * mon-fri`";
            self.wrong(at.key(if raw.cron.is_some() { "cron" } else { "every" }), error.to_string(), hint);
        }
        Some(schedule)
    }

    fn interval(&mut self, raw: &RawSchedule, at: At<'_>) -> Option<Duration> {
        let interval = self.duration(raw.every.as_ref(), at, "every")?;
        if interval < SHORTEST {
            self.wrong(at.key("every"), "`every` must be at least `1s`", "");
            return None;
        }
        Some(interval)
    }

    fn zone(&mut self, name: &str, at: At<'_>) -> Option<Tz> {
        if let Ok(zone) = name.parse() {
            return Some(zone);
        }
        let names: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
        // People know the city better than the continent.
        let city = name.rsplit('/').next().unwrap_or(name).replace(' ', "_").to_lowercase();
        let same_city = |each: &&str| each.to_lowercase().ends_with(&format!("/{city}"));
        let near = names.iter().copied().find(same_city).or_else(|| suggest::nearest(name, &names));
        let hint = near.map_or_else(
            || "use an IANA name such as `Asia/Seoul`, `Europe/Berlin` or `UTC`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        self.wrong(at, format!("there is no time zone `{name}`"), &hint);
        None
    }
}
