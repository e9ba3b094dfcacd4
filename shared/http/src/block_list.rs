//! Keeps the list of blocked targets new for requests that write links.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use waypost_domain::blocking::refresh::BlockListRefresher;

/// Makes the list new enough before each request to `routes` that may write.
pub fn with_fresh_block_list(routes: Router, list: Arc<BlockListRefresher>) -> Router {
    routes.layer(from_fn_with_state(list, refresh))
}

async fn refresh(State(list): State<Arc<BlockListRefresher>>, request: Request, next: Next) -> Response {
    if !request.method().is_safe() {
        list.refresh().await;
    }
    next.run(request).await
}
