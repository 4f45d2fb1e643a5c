use kontor_core::{
    environment::Environment,
    metadata::{FieldKind, Object},
};

use super::declare::{Naming, field, line};

/// The people of the workspace as records, so that relations, filters and lists can name them. They follow
/// the workspace's members and are not written otherwise.
pub(super) fn object(environment: &Environment) -> Object {
    let naming = Naming {
        name: "member",
        plural: "members",
        label: "Member",
        label_plural: "Members",
        description: "A person who works in this workspace.",
        icon: "users",
        label_field: "name",
    };
    let fields = vec![
        field("name", "Name", FieldKind::FullName)
            .about("First and last name.")
            .required()
            .indexed()
            .searchable(),
        line("email", "Email").about("The address they sign in with.").searchable(),
        line("time_zone", "Time zone")
            .about("Where they work, such as Europe/Berlin: when their day begins."),
    ];
    Object { is_read_only: true, ..naming.object(environment, fields) }
}
