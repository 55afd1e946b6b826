//! One table for each interface: its methods with what they reply, its errors, and the types that
//! its description names. Whatever lists them is made from the table: the names on the wire, and
//! in tests the description (`idl`).

/// Declares an interface: its name and description, and for each method its name on the wire, its
/// reply, and whether it tells progress.
///
/// ```text
/// interface! {
///     "org.lmsyncd.Example", "org.lmsyncd.Example.varlink", documented in "example.rs";
///     methods: List => ListReply, Read => ReadReply progress;
///     errors: NoSuchClient, AmbiguousClient;
///     types: Client, Progress;
/// }
/// ```
///
/// A method is the struct of its parameters; one with `progress` has a reply with that field. The
/// errors are those that only some interfaces have: see `error::COMMON` for the others.
macro_rules! interface {
    (
        $name:literal, $file:literal, documented in $source:literal;
        methods: $($method:ident => $reply:ident $($progress:ident)?),* $(,)?;
        errors: $($error:ident),* $(,)?;
        types: $($type:ident),* $(,)?;
    ) => {
        /// The interface's name.
        pub const INTERFACE: &str = $name;

        /// Its description in the Varlink interface language, derived from the types.
        pub const DESCRIPTION: &str = include_str!($file);

        /// The errors that only its methods, and those of some others, answer.
        pub(in crate::protocol) const ERRORS: &[$crate::model::Code] =
            &[$($crate::model::Code::$error),*];

        $(
            impl $crate::protocol::Method for $method {
                const NAME: &'static str = concat!($name, ".", stringify!($method));
                type Reply = $reply;
                $(
                    const TELLS_PROGRESS: bool = true;

                    fn progress(reply: &$reply) -> Option<&$crate::protocol::progress::Progress> {
                        reply.$progress.as_ref()
                    }
                )?
            }
        )*

        /// The interface as its types describe it.
        #[cfg(test)]
        pub(in crate::protocol) fn described() -> $crate::protocol::idl::Described {
            $crate::protocol::idl::Described::new(INTERFACE, include_str!($source))
                $(.with_type::<$type>())*
                $(.with_method::<$method>())*
                .with_errors(ERRORS)
        }
    };
}

pub(super) use interface;
