//! Paths: which endpoint a request means, in any case of letters (the Autotask facts, section 1.1
//! and 2.1). It knows no request beyond its path and method.

use axum::http::Method;

use crate::demo::tenant::schema::entity::Entity;

/// The first path segment of the second zone, where a tenant moves to.
pub(crate) const SECOND_ZONE: &str = "zone2";

/// An endpoint below the base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    ZoneInformation,
    VersionInformation,
    Version,
    ThresholdInformation,
    Modules,
    Entity(Entity, Action),
    /// `V1.0/{parent}/{id}/{child}`: the children of one row.
    Children {
        child: Entity,
        field: &'static str,
        parent: i64,
    },
    /// Below the base URL, but nothing that this tenant serves.
    Nothing,
    /// Not below the base URL at all.
    Outside,
}

/// What is asked of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Query,
    QueryNext,
    Count,
    ById(i64),
    Information,
    Fields,
    UserDefinedFields,
}

/// A path, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// Whether it leads to the second zone.
    pub(crate) second_zone: bool,
    pub(crate) endpoint: Endpoint,
}

impl Route {
    pub(crate) fn read(path: &str) -> Route {
        let lower = path.to_ascii_lowercase();
        let mut segments: Vec<&str> = lower.split('/').filter(|part| !part.is_empty()).collect();
        let second_zone = segments.first() == Some(&SECOND_ZONE);
        if second_zone {
            segments.remove(0);
        }
        let endpoint = match segments.as_slice() {
            ["atservicesrest", "versioninformation"] => Endpoint::VersionInformation,
            ["atservicesrest", "v1.0", rest @ ..] => Endpoint::read(rest),
            ["atservicesrest", ..] => Endpoint::Nothing,
            _ => Endpoint::Outside,
        };
        Route { second_zone, endpoint }
    }
}

impl Endpoint {
    fn read(segments: &[&str]) -> Endpoint {
        match segments {
            ["zoneinformation"] => return Endpoint::ZoneInformation,
            ["version"] => return Endpoint::Version,
            ["thresholdinformation"] => return Endpoint::ThresholdInformation,
            ["modules"] => return Endpoint::Modules,
            _ => {}
        }
        let [name, rest @ ..] = segments else { return Endpoint::Nothing };
        let Ok(entity) = name.parse::<Entity>() else { return Endpoint::Nothing };
        let action = match rest {
            ["query"] => Action::Query,
            ["query", "next"] => Action::QueryNext,
            ["query", "count"] => Action::Count,
            ["entityinformation"] => Action::Information,
            ["entityinformation", "fields"] => Action::Fields,
            ["entityinformation", "userdefinedfields"] => Action::UserDefinedFields,
            [id] => match id.parse() {
                Ok(id) => Action::ById(id),
                Err(_) => return Endpoint::Nothing,
            },
            [parent, child] => {
                return match (parent.parse(), entity.child(child)) {
                    (Ok(parent), Some((child, field))) => {
                        Endpoint::Children { child, field, parent }
                    }
                    _ => Endpoint::Nothing,
                };
            }
            _ => return Endpoint::Nothing,
        };
        Endpoint::Entity(entity, action)
    }

    /// The entity whose rows or description are asked for.
    pub(crate) fn entity(&self) -> Option<Entity> {
        match self {
            Endpoint::Entity(entity, _) => Some(*entity),
            Endpoint::Children { child, .. } => Some(*child),
            _ => None,
        }
    }

    /// The object that limits are kept for: metadata and children count for their object.
    pub(crate) fn object(&self) -> &'static str {
        match self {
            Endpoint::ZoneInformation => "ZoneInformation",
            Endpoint::VersionInformation => "VersionInformation",
            Endpoint::Version => "Version",
            Endpoint::ThresholdInformation => "ThresholdInformation",
            Endpoint::Modules => "Modules",
            Endpoint::Entity(entity, _) => entity.path(),
            Endpoint::Children { child, .. } => child.path(),
            Endpoint::Nothing | Endpoint::Outside => "elsewhere",
        }
    }

    /// The name under which requests are counted.
    pub(crate) fn name(&self) -> String {
        let action = match self {
            Endpoint::Entity(_, action) => match action {
                Action::Query => "/query",
                Action::QueryNext => "/query/next",
                Action::Count => "/query/count",
                Action::ById(_) => "/{id}",
                Action::Information => "/entityInformation",
                Action::Fields => "/entityInformation/fields",
                Action::UserDefinedFields => "/entityInformation/userDefinedFields",
            },
            Endpoint::Children { .. } => "/children",
            _ => "",
        };
        format!("{}{action}", self.object())
    }

    /// Whether the method is one that reads here. A next page of a POST has no search and is not
    /// for GET: that is the refusal that clients stumble over (the Autotask facts, section 2.3).
    pub(crate) fn permits(&self, method: &Method, has_search: bool) -> bool {
        let get = *method == Method::GET;
        let post = *method == Method::POST;
        match self {
            Endpoint::Entity(_, Action::Query | Action::Count) => get || post,
            Endpoint::Entity(_, Action::QueryNext) => post || (get && has_search),
            _ => get,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_no_case() {
        for path in ["/ATServicesRest/V1.0/Contracts/query", "/atservicesrest/v1.0/contracts/QUERY"]
        {
            let route = Route::read(path);
            assert_eq!(route.endpoint, Endpoint::Entity(Entity::Contracts, Action::Query));
            assert!(!route.second_zone);
        }
        assert!(Route::read("/zone2/ATServicesRest/V1.0/Version").second_zone);
    }

    #[test]
    fn children_are_found_below_their_parent() {
        let read = |path| Route::read(path).endpoint;
        assert_eq!(
            read("/ATServicesRest/V1.0/Contracts/5/ServiceUnits"),
            Endpoint::Children {
                child: Entity::ContractServiceUnits,
                field: "contractID",
                parent: 5
            }
        );
        assert_eq!(read("/ATServicesRest/V1.0/Contracts/5/Nothing"), Endpoint::Nothing);
        assert_eq!(read("/ATServicesRest/V1.0/Tickets/query"), Endpoint::Nothing);
        assert_eq!(read("/"), Endpoint::Outside);
    }
}
