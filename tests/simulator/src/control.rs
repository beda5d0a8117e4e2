//! The scripting face: `/simulator/…`, where tests say what is to happen and see what did.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::answer::{cvm_not_found, detail, parse};
use crate::cvm::{BOOT_STEPS, Cvm};
use crate::fault::{Disturbance, Fault};
use crate::script::Script;
use crate::world::World;

/// The routes of the scripting face.
pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/simulator/info", get(info))
        .route("/simulator/blank", get(blank))
        .route("/simulator/limits", put(put_limits))
        .route("/simulator/requests", get(requests).delete(clear_requests))
        .route("/simulator/cvms/{id}", put(put_cvm))
        .route("/simulator/cvms/{id}/script", put(put_script))
        .route("/simulator/cvms/{id}/faults/{fault}", post(inject))
        .route("/simulator/cvms/{id}/{action}", post(act))
}

async fn info(State(world): State<Arc<World>>) -> Response {
    Json(json!({
        "mode": "simulated",
        "version": env!("CARGO_PKG_VERSION"),
        "cvms": world.fleet.names(),
        "bootStepMs": milliseconds(world.boot_step),
        "keepAliveMs": milliseconds(world.keep_alive),
        "streamsPerUser": world.streams.per_user(),
    }))
    .into_response()
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// An empty page for tests to load modules in. Its icon keeps browsers from asking for one.
pub async fn blank() -> Html<&'static str> {
    Html(concat!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>blank</title>\n",
        "<link rel=\"icon\" href=\"data:,\">\n</html>\n",
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Limits {
    streams_per_user: Option<usize>,
}

async fn put_limits(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let limits: Limits = match parse(&body) {
        Ok(limits) => limits,
        Err(refusal) => return *refusal,
    };
    world.streams.limit_per_user(limits.streams_per_user);
    Json(json!({ "streamsPerUser": limits.streams_per_user })).into_response()
}

#[derive(Deserialize)]
struct Choice {
    cvm: Option<String>,
}

async fn requests(State(world): State<Arc<World>>, Query(choice): Query<Choice>) -> Response {
    Json(world.log.entries(choice.cvm.as_deref())).into_response()
}

async fn clear_requests(State(world): State<Arc<World>>, Query(choice): Query<Choice>) -> StatusCode {
    world.log.clear(choice.cvm.as_deref());
    StatusCode::NO_CONTENT
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Settings {
    name: Option<String>,
    status: Option<String>,
    boot_step_ms: Option<u64>,
    fail_at: Option<String>,
    starts_when_watched: bool,
}

impl Settings {
    /// The CVM that is asked for, or what is wrong with it.
    fn cvm(self, id: &str, world: &World) -> Result<Cvm, String> {
        let step_time = self.boot_step_ms.map_or(world.boot_step, Duration::from_millis);
        let mut cvm = Cvm::new(id, step_time);
        if let Some(name) = self.name {
            cvm = cvm.named(&name);
        }
        if let Some(status) = self.status {
            cvm = cvm.with_status(&status, SystemTime::now());
        }
        if self.starts_when_watched {
            cvm = cvm.starting_when_watched();
        }
        if let Some(step) = self.fail_at {
            let index = BOOT_STEPS.iter().position(|known| *known == step);
            cvm = cvm
                .failing_at(index.ok_or_else(|| {
                    format!("failAt: {step:?} is no boot step; these are: {}", BOOT_STEPS.join(", "))
                })?);
        }
        Ok(cvm)
    }
}

async fn put_cvm(State(world): State<Arc<World>>, Path(id): Path<String>, body: Bytes) -> Response {
    let settings: Settings = match parse(&body) {
        Ok(settings) => settings,
        Err(refusal) => return *refusal,
    };
    match settings.cvm(&id, &world) {
        Ok(cvm) => Json(world.fleet.put(&id, cvm).state()).into_response(),
        Err(wrong) => detail(StatusCode::UNPROCESSABLE_ENTITY, wrong),
    }
}

async fn put_script(State(world): State<Arc<World>>, Path(id): Path<String>, body: Bytes) -> Response {
    let script: Script = match parse(&body) {
        Ok(script) => script,
        Err(refusal) => return *refusal,
    };
    world.scripts.put(&id, script);
    StatusCode::NO_CONTENT.into_response()
}

async fn act(State(world): State<Arc<World>>, Path((id, action)): Path<(String, String)>) -> Response {
    let Some(machine) = world.fleet.find(&id) else {
        return cvm_not_found();
    };
    match action.as_str() {
        "start" => machine.change(Cvm::start),
        "stop" => machine.change(|cvm, _| cvm.stop()),
        "fail" => machine.change(|cvm, _| cvm.fail()),
        _ => return detail(StatusCode::NOT_FOUND, format!("no action {action:?}: start, stop and fail are")),
    }
    Json(machine.state()).into_response()
}

async fn inject(State(world): State<Arc<World>>, Path((id, fault)): Path<(String, String)>) -> Response {
    let Some(fault) = Fault::named(&fault) else {
        let known = Fault::ALL.map(|(name, _)| name).join(", ");
        return detail(StatusCode::NOT_FOUND, format!("no fault {fault:?}; these are: {known}"));
    };
    if !world.knows(&id) {
        return cvm_not_found();
    }
    if fault == Fault::Unavailable {
        world.put_out(&id);
    }
    let streams = world.streams.choose(|stream| world.fleet.same(&id, &stream.cvm));
    for stream in &streams {
        match fault {
            Fault::Drop | Fault::Unavailable => world.streams.reset(stream),
            Fault::Stall => stream.disturb(Disturbance::Stall),
            Fault::Malformed => stream.disturb(Disturbance::Malformed),
            Fault::Timeout => stream.disturb(Disturbance::Timeout),
        }
    }
    Json(json!({ "streams": streams.len() })).into_response()
}
