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
use crate::connection::Connection;
use crate::fault::Faults;
use crate::live::{Exchange, user_of};
use crate::log::{Ending, Kind};
use crate::player::play;
use crate::terms::Terms;
use crate::watch::watch;
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
    if query.contains_key("target") {
        stream(&world, connection, &id, &query, &request).await
    } else {
        read(&world, connection, &id, &query, &request).await
    }
}

/// Notes a preflight; what it is answered is up to the CORS layer.
pub async fn preflight(State(world): State<Arc<World>>, Path(id): Path<String>, request: Parts) {
    world.log.arrive(Kind::Preflight, &id, &request).leave(Ending::Served);
}

async fn stream(world: &World, connection: Connection, id: &str, query: &Fields, request: &Parts) -> Response {
    let visit = world.log.arrive(Kind::Stream, id, request);
    let (exchange, faults) = match world.streams.admit(id, user_of(&request.headers), visit, connection) {
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
    ordinary_stream(world, id, query, exchange, faults)
}

fn ordinary_stream(world: &World, id: &str, query: &Fields, exchange: Exchange, faults: Faults) -> Response {
    let (machine, terms) = match (world.fleet.find(id), Terms::from_query(query)) {
        (Some(machine), Ok(terms)) => (machine, terms),
        (_, Err(errors)) => return served(&exchange, detail(StatusCode::UNPROCESSABLE_ENTITY, errors)),
        (None, Ok(_)) => return served(&exchange, cvm_not_found()),
    };
    let keep_alive = world.keep_alive;
    let body = written_by(|writer| async move {
        faults.disturb(Some(&terms), &writer, watch(machine, &terms, keep_alive, &writer)).await;
        exchange.served();
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, body).into_response()
}

async fn read(world: &World, connection: Connection, id: &str, query: &Fields, request: &Parts) -> Response {
    let exchange = Exchange::of_read(world.log.arrive(Kind::Read, id, request), connection);
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
