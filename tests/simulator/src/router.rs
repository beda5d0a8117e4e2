//! Which path leads where.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get};
use serde_json::json;
use tower_http::services::ServeDir;

use crate::answer::detail;
use crate::control;
use crate::cors::cors;
use crate::options::Options;
use crate::own_pages::own_pages_only;
use crate::state_route;
use crate::upstream::{self, Upstream};
use crate::world::World;

const STATE: &str = "/api/v1/cvms/{id}/state";

/// The whole server.
pub fn router(options: Options, port: u16) -> Router {
    let files = files(&options.www, &options.pkg);
    match options.upstream {
        Some(upstream) => forwarding(upstream).merge(files).layer(from_fn_with_state(port, own_pages_only)),
        None => simulated(&options).merge(files).layer(from_fn(cors)),
    }
}

fn simulated(options: &Options) -> Router {
    Router::new()
        .route(STATE, get(state_route::state).options(state_route::preflight))
        .merge(control::routes())
        .route("/api/{*path}", any(no_such_path))
        .route("/simulator/{*path}", any(no_such_path))
        .with_state(Arc::new(World::new(options)))
}

fn forwarding(upstream: Upstream) -> Router {
    let info = || async { axum::Json(json!({ "mode": "upstream", "version": env!("CARGO_PKG_VERSION") })) };
    Router::new()
        .route(STATE, get(upstream::forward))
        .route("/simulator/info", get(info))
        .route("/simulator/blank", get(control::blank))
        .route("/api/{*path}", any(no_such_path))
        .route("/simulator/{*path}", any(nothing_simulated))
        .with_state(Arc::new(upstream))
}

async fn no_such_path() -> Response {
    detail(StatusCode::NOT_FOUND, "Not Found")
}

async fn nothing_simulated() -> Response {
    detail(StatusCode::NOT_FOUND, "nothing is simulated or scripted here: requests go to the upstream API")
}

/// The console page and the package, always asked for anew so that a rebuilt one shows at once.
fn files(www: &Path, pkg: &Path) -> Router {
    Router::new()
        .nest_service("/pkg", ServeDir::new(pkg))
        .fallback_service(ServeDir::new(www))
        .layer(axum::middleware::map_response(ask_anew))
}

async fn ask_anew(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
