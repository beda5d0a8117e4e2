//! Requests: whatever the fields hold, every bad field is named, and the good ones keep their values.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cvm_watch::{Arguments, CvmId, Delay, FailOn, Given, ReadRequest, StatesRequest, WatchRequest};
use url::Url;

use crate::ids;

/// A field's number, what kind of value stands in it, and the value.
pub const WORDS: &[&[u8]] = &[
    b"\x00\x01\x06my-app",
    b"\x05\x01\x07running",
    b"\x04\x01\x05abc-d",
    b"\x01\x01\x20550e8400e29b41d4a716446655440000",
    b"\x00\x01\x02..",
    b"\x05\x01\x04a&b=",
    b"\x06\x02\x00",
    b"\x06\x02\x01",
    b"\x07\x02\x02",
    b"\x07\x02\x03",
    b"\x08\x02\x04",
    b"\x08\x02\x05",
    b"\x09\x02\x06",
    b"\x09\x02\x07",
    b"\x09\x03",
    b"\x09\x04",
    b"\x07\x04",
    b"\x08\x04",
    b"\x05\x01\x00",
    b"\x00\x01\x00",
    b"\x03\x04",
    b"\x06\x02\xff\x00\x00\x00\x00\x00\x00\xf8\x7f",
    b"\x05\x06\x02\x07running\x07stopped",
    b"\x05\x06\x02\x01a\x01a",
    b"\x06\x00",
    b"\x06\x12",
    b"\x0a\x03",
    b"\x0b\x03",
    b"\x0b\x01\x07running",
    b"\x0b\x06\x02\x05error\x06exited",
    b"\x0c\x05\x00",
    b"\x0d\x03",
    b"\x02",
    b"\x01",
    b"\x00",
    b"\xff",
];

const FIELDS: [&str; 14] = [
    "id",
    "uuid",
    "app_id",
    "instance_id",
    "name",
    "target",
    "interval",
    "timeout",
    "maxRetries",
    "retryDelay",
    "until",
    "failOn",
    "leaveFirst",
    "shouldRetry",
];

/// The fields in the order in which bad ones are named.
const ORDER: [&str; 14] = [
    "id",
    "uuid",
    "app_id",
    "instance_id",
    "name",
    "target",
    "until",
    "failOn",
    "leaveFirst",
    "interval",
    "timeout",
    "maxRetries",
    "retryDelay",
    "shouldRetry",
];

const NUMBERS: [f64; 17] = [
    0.0,
    -0.0,
    1.0,
    5.0,
    4.999,
    7.5,
    10.0,
    30.0,
    600.0,
    600.001,
    2_147_483_647.0,
    2_147_483_648.0,
    4_294_967_296.0,
    1e300,
    -1.0,
    f64::NAN,
    f64::INFINITY,
];

struct Fields(BTreeMap<&'static str, Given>);

impl Arguments for Fields {
    fn get(&self, field: &str) -> Given {
        self.0.get(field).cloned().unwrap_or(Given::Absent)
    }

    fn show(&self, field: &str) -> String {
        format!("{:?}", self.get(field))
    }
}

pub fn check(input: &[u8]) {
    let fields = Fields(read_fields(input));
    let given = |field| fields.get(field);
    let bad = bad_fields(&fields);
    match WatchRequest::read(&fields) {
        Err(errors) => {
            assert_eq!(errors.iter().map(|error| error.field).collect::<Vec<_>>(), bad);
            assert!(errors.iter().all(|error| error.message.starts_with("must be ")), "{errors:?}");
        }
        Ok(request) => {
            assert!(bad.is_empty(), "{bad:?} of {:?}", fields.0);
            assert_eq!(Some(request.id.as_ref()), first_id(&fields).as_deref());
            assert_eq!(Some(request.target.statuses.clone()), texts(&given("target")));
            let fail_on = match given("failOn") {
                Given::Function => FailOn::Asked,
                given => FailOn::Statuses(texts(&given).unwrap_or_default()),
            };
            assert_eq!(request.target.fail_on, fail_on);
            assert_eq!(request.target.leave_first, given("leaveFirst") == Given::Flag(true));
            assert_eq!(request.target.until, given("until") == Given::Function);
            assert_eq!(request.retry.should_retry, given("shouldRetry") == Given::Function);
            assert!((5..=30).contains(&request.interval.as_secs()) && (10..=600).contains(&request.timeout.as_secs()));
            assert_eq!(request.interval, duration(&given("interval"), 1000.0, 5));
            assert_eq!(request.timeout, duration(&given("timeout"), 1000.0, 300));
            let delay = match given("retryDelay") {
                Given::Function => Delay::Asked,
                number => Delay::Fixed(duration(&number, 1.0, 5)),
            };
            assert_eq!(request.retry.delay, delay);
            let retries = request.retry.max_retries.map_or(f64::INFINITY, f64::from);
            match given("maxRetries") {
                Given::Number(number) if number <= f64::from(u32::MAX) => assert!((number - retries).abs() < 0.5),
                _ => assert!(retries.is_infinite()),
            }
            says_so_in_its_path(&request);
        }
    }
    let of_states =
        |field: &&&str| CvmId::FIELDS.contains(*field) || ["interval", "retryDelay", "shouldRetry"].contains(*field);
    let bad_for_states: Vec<_> = bad.iter().filter(of_states).copied().collect();
    match StatesRequest::read(&fields) {
        Err(errors) => assert_eq!(errors.iter().map(|error| error.field).collect::<Vec<_>>(), bad_for_states),
        Ok(_) => assert!(bad_for_states.is_empty()),
    }
    let id_and_timeout = |field: &&&str| CvmId::FIELDS.contains(*field) || **field == "timeout";
    let bad_for_a_read: Vec<_> = bad.iter().filter(id_and_timeout).copied().collect();
    match ReadRequest::read(&fields) {
        Err(errors) => assert_eq!(errors.iter().map(|error| error.field).collect::<Vec<_>>(), bad_for_a_read),
        Ok(_) => assert!(bad_for_a_read.is_empty()),
    }
}

/// The query has three parameters and no other, and the target reaches the server unchanged.
fn says_so_in_its_path(request: &WatchRequest) {
    ids::reaches_its_own_path_only(&request.id);
    let path = request.stream_path();
    let url = Url::parse("https://api.example/").unwrap().join(&path).unwrap();
    assert_eq!(format!("/{}", request.id.state_path()), url.path());
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let [(target, status), (interval, every), (timeout, limit)] = query.as_slice() else { panic!("{path}") };
    assert_eq!([target, interval, timeout], ["target", "interval", "timeout"]);
    assert_eq!(*status, request.target.statuses[0]);
    for (text, duration) in [(every, request.interval), (limit, request.timeout)] {
        assert!((text.parse::<f64>().unwrap() - duration.as_secs_f64()).abs() < 1e-9, "{path}");
    }
    assert_eq!(url.fragment(), None);
    assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{path}");
}

fn read_fields(mut input: &[u8]) -> BTreeMap<&'static str, Given> {
    let mut fields = BTreeMap::new();
    while let Some((number, rest)) = input.split_first() {
        input = rest;
        let mut byte = || input.split_off_first().copied().unwrap_or(0);
        let given = match byte() % 8 {
            0 => Given::Absent,
            1 => read_text(&mut input),
            2 => match NUMBERS.get(usize::from(byte())) {
                Some(number) => Given::Number(*number),
                None => match input.split_first_chunk() {
                    Some((bytes, rest)) => {
                        input = rest;
                        Given::Number(f64::from_le_bytes(*bytes))
                    }
                    None => Given::Number(-0.5),
                },
            },
            3 => Given::Function,
            4 => Given::Other,
            5 => Given::Flag(byte() % 2 == 0),
            7 => Given::Null,
            _ => {
                let items = byte() % 20;
                let item = |number| if number == 18 { Given::Other } else { read_text(&mut input) };
                Given::List((0..items).map(item).collect())
            }
        };
        fields.insert(FIELDS[usize::from(*number) % FIELDS.len()], given);
    }
    fields
}

fn read_text(input: &mut &[u8]) -> Given {
    let length = usize::from(input.split_off_first().copied().unwrap_or(0)).min(input.len());
    Given::Text(String::from_utf8_lossy(input.split_off(..length).unwrap_or_default()).into())
}

/// One text or several, none of them empty.
fn texts(given: &Given) -> Option<Vec<String>> {
    let list = match given {
        Given::List(list) => list.clone(),
        one => vec![one.clone()],
    };
    let text = |given| match given {
        Given::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    };
    list.into_iter().map(text).collect()
}

fn targets(fields: &Fields) -> Option<Vec<String>> {
    texts(&fields.get("target")).filter(|targets| {
        let different: BTreeSet<_> = targets.iter().collect();
        different.len() == targets.len() && (1..=16).contains(&targets.len())
    })
}

fn bad_fields(fields: &Fields) -> Vec<&'static str> {
    let is_bad = |field: &&'static str| match (*field, fields.get(field)) {
        ("target", _) => targets(fields).is_none(),
        (_, Given::Absent)
        | ("retryDelay" | "until" | "failOn" | "shouldRetry", Given::Function)
        | ("leaveFirst", Given::Flag(_)) => false,
        ("failOn", given) => {
            let targets = targets(fields).unwrap_or_default();
            texts(&given).is_none_or(|failures| failures.iter().any(|failure| targets.contains(failure)))
        }
        ("interval", given) => !is_number(&given, |number| (5.0..=30.0).contains(&number)),
        ("timeout", given) => !is_number(&given, |number| (10.0..=600.0).contains(&number)),
        ("maxRetries", given) => {
            !is_number(&given, |number| number >= 0.0 && (number.is_infinite() || number % 1.0 <= 0.0))
        }
        ("retryDelay", given) => !is_number(&given, |number| (0.0..=2_147_483_647.0).contains(&number)),
        (field, Given::Null) if CvmId::FIELDS.contains(&field) => false,
        (field, Given::Text(text)) if CvmId::FIELDS.contains(&field) => {
            first_given(fields).is_some_and(|(first, _)| first == field) && ids::naive(field, &text).is_none()
        }
        _ => true,
    };
    let mut bad: Vec<_> = ORDER.into_iter().filter(is_bad).collect();
    if first_id(fields).is_none() && !bad.iter().any(|field| CvmId::FIELDS.contains(field)) {
        bad.insert(0, "id");
    }
    bad
}

fn is_number(given: &Given, is_good: impl Fn(f64) -> bool) -> bool {
    matches!(given, Given::Number(number) if is_good(*number))
}

fn first_id(fields: &Fields) -> Option<String> {
    first_given(fields).and_then(|(field, text)| ids::naive(field, &text))
}

/// The first field that names a CVM, valid or not.
fn first_given(fields: &Fields) -> Option<(&'static str, String)> {
    CvmId::FIELDS.into_iter().find_map(|field| match fields.get(field) {
        Given::Text(text) if !text.is_empty() => Some((field, text)),
        _ => None,
    })
}

fn duration(given: &Given, factor: f64, default: u64) -> Duration {
    match given {
        Given::Number(number) => Duration::from_secs_f64((number * factor).round() / 1000.0),
        _ => Duration::from_secs(default),
    }
}
