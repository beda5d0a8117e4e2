//! `GET /api/v1/cvms/{id}/state`, as the API answers it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::answer::{cvm_not_found, detail, detail_with_retry};
use crate::body::written_by;
use crate::conditions::{Conditions, Dead};
use crate::connection::Connection;
use crate::fault::Faults;
use crate::live::{Exchange, user_of};
use crate::log::{Ending, Kind, Visit};
use crate::player::play;
use crate::terms::Terms;
use crate::watch;
use crate::world::World;

type Fields = HashMap<String, String>;

/// An event stream when there is a target, else the present state.
pub async fn state(
    State(world): State<Arc<World>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    Path(id): Path<String>,
    Query(query): Query<Fields>,
    request: Parts,
) -> Response {
    let conditions = world.conditions.of(&id, &world.fleet);
    let kind = if query.contains_key("target") { Kind::Stream } else { Kind::Read };
    let visit = world.log.arrive(kind, &id, &request);
    let n = visit.n;
    let asked = Asked { world: &world, connection, id: &id, query: &query, request: &request };
    let response = answer(&asked, kind, visit, &conditions).await;
    world.log.answer(n, response.status());
    conditions.tell_time(response)
}

/// A request, and whom it came to.
struct Asked<'a> {
    world: &'a World,
    connection: Connection,
    id: &'a str,
    query: &'a Fields,
    request: &'a Parts,
}

async fn answer(asked: &Asked<'_>, kind: Kind, visit: Visit, conditions: &Conditions) -> Response {
    if !conditions.delay().is_zero() {
        tokio::time::sleep(conditions.delay()).await;
    }
    if let Some(refusal) = conditions.refusal(kind) {
        visit.leave(Ending::Served);
        return refusal;
    }
    if kind == Kind::Read {
        return conditions.pass_on(kind, read(asked, visit).await);
    }
    let response = conditions.pass_on(kind, stream(asked, visit, conditions.streams.dead).await);
    match conditions.streams.buffer {
        Some(buffering) if response.status().is_success() => buffering.pass_on(response).await,
        _ => response,
    }
}

/// Notes a preflight; what it is answered is up to the CORS layer.
pub async fn preflight(State(world): State<Arc<World>>, Path(id): Path<String>, request: Parts) {
    world.log.arrive(Kind::Preflight, &id, &request).leave(Ending::Served);
}

async fn stream(asked: &Asked<'_>, visit: Visit, dead: Option<Dead>) -> Response {
    let Asked { world, connection, id, query, request } = asked;
    let (exchange, faults) = match world.streams.admit(id, user_of(&request.headers), visit, connection.clone()) {
        Ok(admitted) => admitted,
        Err(visit) => {
            visit.leave(Ending::Served);
            return detail_with_retry(StatusCode::TOO_MANY_REQUESTS, "too many event streams for one user");
        }
    };
    if world.is_out(id, Kind::Stream) {
        return unavailable(&exchange);
    }
    if let Some(steps) = world.scripts.next(id, Kind::Stream) {
        return play(&steps, Kind::Stream, Terms::lenient(query), exchange, faults).await;
    }
    ordinary_stream(asked, dead, exchange, faults)
}

fn ordinary_stream(asked: &Asked<'_>, dead: Option<Dead>, exchange: Exchange, faults: Faults) -> Response {
    let (machine, terms) = match (asked.world.fleet.find(asked.id), Terms::from_query(asked.query)) {
        (Some(machine), Ok(terms)) => (machine, terms),
        (_, Err(errors)) => return served(&exchange, detail(StatusCode::UNPROCESSABLE_ENTITY, errors)),
        (None, Ok(_)) => return served(&exchange, cvm_not_found()),
    };
    let keep_alive = asked.world.keep_alive;
    let body = written_by(move |writer| async move {
        let telling = async {
            match dead {
                None => watch::watch(machine, &terms, keep_alive, &writer).await,
                Some(dead) => watch::dead(machine, (dead == Dead::Comments).then_some(keep_alive), &writer).await,
            }
        };
        faults.disturb(Some(&terms), &writer, telling).await;
        exchange.served();
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, body).into_response()
}

async fn read(asked: &Asked<'_>, visit: Visit) -> Response {
    let Asked { world, connection, id, query, .. } = asked;
    let exchange = Exchange::of_read(visit, connection.clone());
    if world.is_out(id, Kind::Read) {
        return unavailable(&exchange);
    }
    if let Some(steps) = world.scripts.next(id, Kind::Read) {
        return play(&steps, Kind::Read, Terms::lenient(query), exchange, Faults::none()).await;
    }
    let response = match (Terms::from_query(query), world.fleet.find(id)) {
        (Err(errors), _) => detail(StatusCode::UNPROCESSABLE_ENTITY, errors),
        (Ok(_), None) => cvm_not_found(),
        (Ok(_), Some(machine)) => {
            ([(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], Json(machine.state())).into_response()
        }
    };
    served(&exchange, response)
}

fn unavailable(exchange: &Exchange) -> Response {
    served(exchange, detail_with_retry(StatusCode::SERVICE_UNAVAILABLE, "the service is unavailable for a moment"))
}

fn served(exchange: &Exchange, response: Response) -> Response {
    exchange.served();
    response
}
