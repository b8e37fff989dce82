//! The API calls that an action takes, written down apart from the lowering table.

use fortem_core::{Fleet, NamePattern};

/// One authorization.
pub(crate) struct Step {
    pub(crate) api: &'static str,
    pub(crate) resource: String,
    /// Whether AWS shows the resource's tag.
    pub(crate) shows_tag: bool,
    /// Whether the call sets the environment's tag.
    pub(crate) sets_tag: bool,
    /// Other condition keys.
    pub(crate) keys: Vec<(&'static str, String)>,
}

impl Step {
    fn new(api: &'static str, resource: &str) -> Self {
        Self { api, resource: resource.to_owned(), shows_tag: false, sets_tag: false, keys: vec![] }
    }

    fn tagged(self) -> Self {
        Self { shows_tag: true, ..self }
    }

    fn tagging(self) -> Self {
        Self { sets_tag: true, ..self }
    }

    fn with(mut self, key: &'static str, value: &str) -> Self {
        self.keys.push((key, value.to_owned()));
        self
    }
}

/// The calls that an action takes on a thing named for an environment.
pub(crate) fn steps(fleet: &Fleet, action: &str, environment: Option<&str>) -> Vec<Step> {
    let at = environment.unwrap_or("elsewhere");
    let names = fleet.names();
    // The first name a pattern has for a thing of the environment; where there is none, any name.
    let name = |patterns: &[NamePattern]| {
        patterns.first().map_or("x".to_owned(), |pattern| pattern.with(at).replace('*', "web"))
    };
    let arn = |service: &str, kind: &str, name: &str| {
        format!("arn:aws:{service}:eu-west-1:111122223333:{kind}{name}")
    };
    let place = name(&names.clusters);
    let cluster = arn("ecs", "cluster/", &place);
    let service = arn("ecs", "service/", &format!("{place}/web"));
    let task = arn("ecs", "task/", &format!("{place}/0123"));
    let definition =
        arn("ecs", "task-definition/", &format!("{}:1", name(&names.task_definitions)));
    let group = arn("logs", "log-group:", &name(&names.log_groups));
    let schedule = arn("events", "rule/", &name(&names.schedules));
    let role = format!("arn:aws:iam::111122223333:role{}web", names.roles.with(at));
    let in_cluster = |api, resource: &str| Step::new(api, resource).with("ecs:cluster", &cluster);
    match action {
        "viewEnvironment" => vec![Step::new("ecs:DescribeClusters", &cluster).tagged()],
        "viewStatus" => vec![
            in_cluster("ecs:DescribeServices", &service).tagged(),
            in_cluster("ecs:ListServices", "*"),
        ],
        "viewLogs" => vec![
            Step::new("logs:FilterLogEvents", &format!("{group}:*")).tagged(),
            Step::new("logs:GetLogEvents", &format!("{group}:log-stream:x")),
        ],
        "tailLogs" => vec![Step::new("logs:StartLiveTail", &format!("{group}:*")).tagged()],
        "restartService" | "redeployService" => {
            vec![in_cluster("ecs:UpdateService", &service).tagged()]
        }
        "stopTask" => vec![in_cluster("ecs:StopTask", &task).tagged()],
        "runTask" => vec![
            in_cluster("ecs:RunTask", &definition).tagged().tagging(),
            Step::new("ecs:TagResource", &task).tagging().with("ecs:CreateAction", "RunTask"),
            Step::new("iam:PassRole", &role).with("iam:PassedToService", "ecs-tasks.amazonaws.com"),
        ],
        "flushCache" => {
            let on = |kind, patterns: &[NamePattern]| {
                Step::new("elasticache:Connect", &arn("elasticache", kind, &name(patterns)))
            };
            vec![
                on("replicationgroup:", &names.caches).tagged(),
                on("user:", &names.cache_users).tagged(),
            ]
        }
        "pauseSchedule" => vec![Step::new("events:DisableRule", &schedule).tagged()],
        "resumeSchedule" => vec![Step::new("events:EnableRule", &schedule).tagged()],
        "execCommand" => vec![
            in_cluster("ecs:ExecuteCommand", &cluster).tagged(),
            in_cluster("ecs:ExecuteCommand", &task).tagged(),
            in_cluster("ecs:DescribeTasks", &task).tagged(),
        ],
        other => panic!("{other}?"),
    }
}
