//! Defines why a text is not a target.

use super::block_list::BlockReason;

/// Why a text is not a [`crate::values::target::TargetUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Longer than [`crate::values::target::TargetUrl::MAX_LEN`] bytes, as given or in its normal form.
    #[error("is longer than 32768 bytes")]
    Length,
    /// Neither `http://` or `https://`, nor a scheme that the operator allows.
    #[error("must begin with http:// or https://, or a scheme that the operator allows")]
    Scheme,
    /// A control character, or a backslash in the host (browsers disagree on its meaning).
    #[error("has a control character or a backslash in the host")]
    Character,
    /// Not a URL.
    #[error("is not a valid URL")]
    Syntax,
    /// A user name or password.
    #[error("must not contain a user name or password")]
    Credentials,
    /// A link to a domain of this stack or another host that it serves, which could make a redirect loop.
    #[error("must not lead to one of this service's own domains")]
    OwnDomain,
    /// At the host of files, and not the target of one or of a collection.
    #[error(
        "must be https://files.invalid/ with the id of a file or collection behind it: fil_ or col_ and 32 hexadecimal digits"
    )]
    File,
    /// A file where only a page of the web can be led to.
    #[error("must not be a file")]
    NoFile,
    /// On the list of blocked targets.
    #[error("is blocked on this service: {0}")]
    Blocked(BlockReason),
    /// Not a `mailto:` URL that is safe.
    #[error("must be mailto: with mail addresses, and perhaps to, cc, bcc, subject, body, keywords or in-reply-to")]
    Mail,
    /// Not a `tel:` URL.
    #[error("must be tel: with a telephone number of digits, without * and #, and perhaps parameters such as ;ext=12")]
    Telephone,
    /// Not an `sms:` URL.
    #[error("must be sms: with telephone numbers separated by commas, and perhaps ?body=")]
    Message,
    /// Not an `intent:` URL that is safe.
    #[error("must be intent: with #Intent;…;end, a package or an allowed scheme, a safe fallback, and no component")]
    Intent,
}
