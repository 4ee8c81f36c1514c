//! A schedule in words, for the forms that nearly all schedules have. What is rarer is shown as it is written: words that
//! are not exactly right would be worse than none.

use std::time::Duration;

use super::rule::{Schedule, When};

const DAYS: [(&str, &str); 7] = [
    ("sun", "Sunday"),
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
];

impl Schedule {
    /// When it is due: `Monday to Friday at 06:30`, `every 15 minutes`; else the expression as written. Without the zone.
    pub fn words(&self) -> String {
        match &self.when {
            When::Every(pause) => every(*pause),
            When::Cron(expression) => cron(expression).unwrap_or_else(|| expression.clone()),
        }
    }
}

fn every(pause: Duration) -> String {
    let seconds = pause.as_secs();
    let units = [("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)];
    let unit = units.into_iter().find(|(_, size)| seconds.is_multiple_of(*size) && seconds >= *size);
    match unit.map(|(name, size)| (name, seconds / size)) {
        Some((name, 1)) => format!("every {name}"),
        Some((name, many)) if many < 120 => format!("every {many} {name}s"),
        _ => format!("every {}", humantime::format_duration(pause)),
    }
}

fn cron(expression: &str) -> Option<String> {
    let lower = expression.trim().to_ascii_lowercase();
    let nickname = match lower.as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        other => other,
    };
    let fields: Vec<&str> = nickname.split_whitespace().collect();
    let [minute, hour, day, "*", weekday] = fields.as_slice() else { return None };
    let days = match (*day, *weekday) {
        ("*", "*") => None,
        ("*", weekday) => Some(weekdays(weekday)?),
        (day, "*") => Some(format!("day {} of the month", number(day, 1, 31)?)),
        _ => return None,
    };
    let within_a_day = times(minute, hour)?;
    let often = within_a_day.starts_with("every");
    Some(match days {
        None if often => within_a_day,
        None => format!("every day {within_a_day}"),
        Some(days) if often => format!("{days}, {within_a_day}"),
        Some(days) => format!("{days} {within_a_day}"),
    })
}

/// Minutes and hours.
fn times(minute: &str, hour: &str) -> Option<String> {
    if hour == "*" {
        return Some(match minute.strip_prefix("*/") {
            // Only divisors of an hour are as far apart at its end as within it.
            Some(step) => match number(step, 1, 30)? {
                1 => "every minute".to_owned(),
                step if 60 % step == 0 => format!("every {step} minutes"),
                _ => return None,
            },
            None if minute == "*" => "every minute".to_owned(),
            None => format!("every hour at :{:02}", number(minute, 0, 59)?),
        });
    }
    let minute = number(minute, 0, 59)?;
    if let Some(step) = hour.strip_prefix("*/") {
        let step = number(step, 2, 12).filter(|step| 24 % step == 0)?;
        return Some(format!("every {step} hours at :{minute:02}"));
    }
    let hours = hour.split(',').map(|hour| number(hour, 0, 23)).collect::<Option<Vec<u32>>>()?;
    if hours.len() > 4 || !hours.is_sorted() {
        return None;
    }
    let hours: Vec<String> = hours.iter().map(|hour| format!("{hour:02}:{minute:02}")).collect();
    Some(format!("at {}", list(&hours)))
}

fn weekdays(field: &str) -> Option<String> {
    if let Some((from, to)) = field.split_once('-') {
        return Some(format!("{} to {}", weekday(from)?, weekday(to)?));
    }
    let days = field.split(',').map(weekday).collect::<Option<Vec<&str>>>()?;
    Some(list(&days.iter().map(|day| (*day).to_owned()).collect::<Vec<_>>()))
}

fn weekday(text: &str) -> Option<&'static str> {
    let by_number = number(text, 0, 7).and_then(|day| DAYS.get(day as usize % 7));
    by_number.or_else(|| DAYS.iter().find(|(short, _)| *short == text)).map(|(_, name)| *name)
}

fn number(text: &str, least: u32, most: u32) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && (least..=most).contains(number))
}

/// `a`, `a and b`, `a, b and c`.
fn list(parts: &[String]) -> String {
    match parts {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => parts.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_told_in_its_largest_unit() {
        for (seconds, words) in [
            (1, "every second"),
            (300, "every 5 minutes"),
            (3600, "every hour"),
            (5400, "every 90 minutes"),
            (86_400, "every day"),
            (3601, "every 1h 1s"),
        ] {
            assert_eq!(every(Duration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn common_schedules_are_told_in_words() {
        for (expression, words) in [
            ("30 6 * * mon-fri", "Monday to Friday at 06:30"),
            ("*/15 * * * *", "every 15 minutes"),
            ("* * * * *", "every minute"),
            ("5 * * * *", "every hour at :05"),
            ("0 4 * * *", "every day at 04:00"),
            ("30 8,12,18 * * *", "every day at 08:30, 12:30 and 18:30"),
            ("0 */6 * * *", "every 6 hours at :00"),
            ("0 3 1 * *", "day 1 of the month at 03:00"),
            ("0 0 * * 7", "Sunday at 00:00"),
            ("0 9 * * MON,wed", "Monday and Wednesday at 09:00"),
            ("@daily", "every day at 00:00"),
            ("*/10 * * * 1-5", "Monday to Friday, every 10 minutes"),
        ] {
            assert_eq!(cron(expression).as_deref(), Some(words), "{expression}");
        }
    }

    #[test]
    fn what_has_no_plain_words_is_left_as_it_is_written() {
        for expression in [
            "30 0 6 * * *",
            "0 0 29 2 *",
            "0 6 * * mon#1",
            "5-59/30 9-17 * * 1-5",
            "*/7 * * * *",
            "0 6 1 * mon",
            "0 6 l * *",
        ] {
            assert_eq!(cron(expression), None, "{expression}");
        }
    }
}
