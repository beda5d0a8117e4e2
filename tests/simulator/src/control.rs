//! The scripting API: `/simulator/…`, where tests set what is to happen and read what did.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::action;
use crate::answer::{cvm_not_found, detail, parse};
use crate::conditions::Conditions;
use crate::fault::{Disturbance, Fault};
use crate::options::LARGEST_FLEET;
use crate::script::Script;
use crate::settings::Settings;
use crate::world::World;

/// The routes of the scripting API.
pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/simulator/info", get(info))
        .route("/simulator/blank", get(blank))
        .route("/simulator/limits", put(put_limits))
        .route("/simulator/requests", get(requests).delete(clear_requests))
        .route("/simulator/counters", get(counters).delete(reset_counters))
        .route("/simulator/conditions", put(put_conditions).delete(clear_conditions))
        .route("/simulator/fleet", put(put_fleet))
        .route("/simulator/fleet/{action}", post(act_on_fleet))
        .route("/simulator/cvms/{id}", put(put_cvm).delete(delete_cvm))
        .route("/simulator/cvms/{id}/conditions", put(put_cvm_conditions).delete(clear_cvm_conditions))
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

async fn put_cvm(State(world): State<Arc<World>>, Path(id): Path<String>, body: Bytes) -> Response {
    let settings: Settings = match parse(&body) {
        Ok(settings) => settings,
        Err(refusal) => return *refusal,
    };
    match settings.cvm(&id, world.boot_step) {
        Ok(cvm) => Json(world.fleet.put(&id, cvm).state()).into_response(),
        Err(wrong) => detail(StatusCode::UNPROCESSABLE_ENTITY, wrong),
    }
}

async fn delete_cvm(State(world): State<Arc<World>>, Path(id): Path<String>) -> Response {
    let Some(machine) = world.fleet.find(&id) else {
        return cvm_not_found();
    };
    machine.change(|cvm, _| cvm.vanish());
    StatusCode::NO_CONTENT.into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FleetSettings {
    size: u64,
    #[serde(default)]
    each: Settings,
}

async fn put_fleet(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let FleetSettings { size, each } = match parse(&body) {
        Ok(settings) => settings,
        Err(refusal) => return *refusal,
    };
    if size > LARGEST_FLEET {
        return detail(StatusCode::UNPROCESSABLE_ENTITY, format!("size is at most {LARGEST_FLEET}"));
    }
    match world.fleet.number(size, |name| each.cvm(name, world.boot_step)) {
        Ok(names) => Json(json!({ "cvms": names })).into_response(),
        Err(wrong) => detail(StatusCode::UNPROCESSABLE_ENTITY, wrong),
    }
}

async fn act_on_fleet(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    let action = match action::named(&name) {
        Ok(action) => action,
        Err(wrong) => return detail(StatusCode::NOT_FOUND, wrong),
    };
    let machines = world.fleet.numbered();
    for machine in &machines {
        machine.change(action);
    }
    Json(json!({ "cvms": machines.len() })).into_response()
}

async fn put_conditions(State(world): State<Arc<World>>, body: Bytes) -> Response {
    set_conditions(&world, None, &body)
}

async fn put_cvm_conditions(State(world): State<Arc<World>>, Path(id): Path<String>, body: Bytes) -> Response {
    set_conditions(&world, Some(&id), &body)
}

fn set_conditions(world: &World, cvm: Option<&str>, body: &[u8]) -> Response {
    let conditions: Conditions = match parse(body) {
        Ok(conditions) => conditions,
        Err(refusal) => return *refusal,
    };
    world.conditions.put(cvm, conditions);
    StatusCode::NO_CONTENT.into_response()
}

async fn clear_conditions(State(world): State<Arc<World>>) -> StatusCode {
    world.conditions.clear(None);
    StatusCode::NO_CONTENT
}

async fn clear_cvm_conditions(State(world): State<Arc<World>>, Path(id): Path<String>) -> StatusCode {
    world.conditions.clear(Some(&id));
    StatusCode::NO_CONTENT
}

async fn counters(State(world): State<Arc<World>>) -> Response {
    Json(json!({ "streams": world.streams.counts(), "reads": world.log.read_counts() })).into_response()
}

async fn reset_counters(State(world): State<Arc<World>>) -> StatusCode {
    world.streams.reset_counts();
    world.log.reset_counts();
    StatusCode::NO_CONTENT
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
    match action::named(&action) {
        Ok(action) => machine.change(action),
        Err(wrong) => return detail(StatusCode::NOT_FOUND, wrong),
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
            Fault::Mute => stream.disturb(Disturbance::Mute(world.keep_alive)),
            Fault::Malformed => stream.disturb(Disturbance::Malformed),
            Fault::Timeout => stream.disturb(Disturbance::Timeout),
        }
    }
    Json(json!({ "streams": streams.len() })).into_response()
}
