//! Delivers clicks after the response.
//!
//! An internal Lambda extension keeps the invocation open after the response: Lambda sends the response as soon as the runtime
//! posts it, and freezes the process only when extension and runtime both ask for the next event. Where no extension can
//! register (a local stack without that API), clicks are delivered before the response.

use std::sync::{Arc, Mutex, PoisonError};

use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{LambdaEvent, LambdaInvocation, Runtime, Service};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower::{Layer, service_fn};
use waypost_domain::redirect::deliver_clicks::{DeliverClicksPorts, deliver_clicks};
use waypost_domain::redirect::pending_event::PendingEvent;
use waypost_lambda::extension::Extension;
use waypost_lambda::start::BoxError;

use crate::event::Event;
use crate::handler::{App, handle};
use crate::reply::Reply;

/// Delivers the click, or the visit to no link, of an invocation, if it had one.
async fn deliver(ports: &DeliverClicksPorts, click: Option<PendingEvent>) {
    if let Some(click) = click {
        deliver_clicks(ports, vec![click]).await;
    }
}

/// Serves redirects until Lambda ends the process. Runs `warm` while the extension registers, before the first request.
pub(crate) async fn run(
    app: App,
    delivery: DeliverClicksPorts,
    warm: impl Future<Output = ()>,
) -> Result<(), BoxError> {
    let (app, delivery) = (Arc::new(app), Arc::new(delivery));
    let (extension, ()) = tokio::join!(Extension::register("clicks"), warm);
    match extension {
        Ok(extension) => {
            let (sent, clicks) = unbounded_channel();
            let slot = Arc::new(PendingEventSlot::default());
            let handler = {
                let slot = slot.clone();
                service_fn(move |event: LambdaEvent<Event>| serve(app.clone(), event, slot.clone()))
            };
            let runtime = Runtime::new(handler).layer(TracingLayer::new()).layer(ResponsePosted { slot, sent });
            tokio::try_join!(runtime.run(), deliver_after_responses(extension, delivery, clicks))?;
            Ok(())
        }
        Err(error) => {
            tracing::warn!(event = "redirect.no_extension", %error, "clicks are delivered before the response");
            let handler =
                service_fn(move |event: LambdaEvent<Event>| serve_inline(app.clone(), event, delivery.clone()));
            lambda_runtime::run(handler).await
        }
    }
}

async fn serve(app: Arc<App>, event: LambdaEvent<Event>, slot: Arc<PendingEventSlot>) -> Result<Reply, BoxError> {
    let (response, click) = handle(&app, &event.payload, &event.context.request_id).await;
    slot.put(click);
    Ok(response.into())
}

async fn serve_inline(
    app: Arc<App>,
    event: LambdaEvent<Event>,
    delivery: Arc<DeliverClicksPorts>,
) -> Result<Reply, BoxError> {
    let (response, click) = handle(&app, &event.payload, &event.context.request_id).await;
    deliver(&delivery, click).await;
    Ok(response.into())
}

/// Holds the click of the current invocation until its response is posted.
#[derive(Default)]
struct PendingEventSlot(Mutex<Option<PendingEvent>>);

impl PendingEventSlot {
    fn put(&self, click: Option<PendingEvent>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = click;
    }

    fn take(&self) -> Option<PendingEvent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A layer that tells the extension when a response is posted: one message for each invocation, with or without a click, even
/// if the invocation failed.
#[derive(Clone)]
struct ResponsePosted {
    slot: Arc<PendingEventSlot>,
    sent: UnboundedSender<Option<PendingEvent>>,
}

impl<S> Layer<S> for ResponsePosted {
    type Service = ResponsePostedService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ResponsePostedService { inner, posted: self.clone() }
    }
}

struct ResponsePostedService<S> {
    inner: S,
    posted: ResponsePosted,
}

impl<S> Service<LambdaInvocation> for ResponsePostedService<S>
where
    S: Service<LambdaInvocation, Response = (), Error = BoxError>,
    S::Future: 'static,
{
    type Response = ();
    type Error = BoxError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<(), BoxError>>>>;

    fn poll_ready(&mut self, context: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let response = self.inner.call(invocation);
        let ResponsePosted { slot, sent } = self.posted.clone();
        Box::pin(async move {
            let result = response.await;
            if sent.send(slot.take()).is_err() {
                tracing::error!(event = "clicks.lost", clicks = 1, error = "the extension has ended");
            }
            result
        })
    }
}

/// For each invocation, waits until its response is posted, then delivers its click.
async fn deliver_after_responses(
    mut extension: Extension,
    delivery: Arc<DeliverClicksPorts>,
    mut clicks: UnboundedReceiver<Option<PendingEvent>>,
) -> Result<(), BoxError> {
    loop {
        let work = async {
            let click = clicks.recv().await.flatten();
            deliver(&delivery, click).await;
        };
        extension.invocation(work).await?;
    }
}
