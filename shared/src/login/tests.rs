//! Sign-ins played through the machine, without a socket or a sender.
