//! Signs people in from a browser: a session stands for a key, a token of the identity provider, or a sign-in code of the operator. It
//! outlives neither key nor token.

pub mod authenticate_session;
pub mod client_words;
pub mod end_session;
pub mod limit_sign_in;
pub mod list_sessions;
pub mod open_session;
pub mod ports;
pub mod prove;
pub mod session;
pub mod sign_in_code;
