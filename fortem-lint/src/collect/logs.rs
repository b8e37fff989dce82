//! CloudWatch Logs: the log groups that task definitions and clusters name.

use aws_sdk_cloudwatchlogs::Client;
use futures_util::{Stream, StreamExt};

use super::calls;
use super::region::Region;
use crate::snapshot::{LogGroup, Tags};

const LIST: &str = "logGroups";

impl Region<'_> {
    /// Reads log groups by their names: an account may have hundreds of thousands of others.
    pub(super) async fn log_groups(&self, names: impl Stream<Item = String>) {
        self.part.declare(LIST);
        let client = Client::new(&self.config);
        let client = &client;
        let groups = names.map(|name| async move { self.log_group(client, &name).await });
        groups.buffer_unordered(self.width).collect::<()>().await;
    }

    async fn log_group(&self, client: &Client, name: &str) {
        let mut found = None;
        // Names come in order, so that the one that is the prefix itself is on the first page.
        let described = self
            .caller
            .call(&calls::LOG_GROUPS, || {
                client.describe_log_groups().log_group_name_prefix(name).send()
            })
            .await;
        if let Some(page) = self.part.take(&calls::LOG_GROUPS, &[LIST], name, described) {
            let mut groups = page.log_groups.unwrap_or_default().into_iter();
            found = groups.find(|one| one.log_group_name.as_deref() == Some(name));
        }
        let Some(found) = found else { return };
        let arn = found.log_group_arn.or(found.arn).unwrap_or_default();
        let arn = arn.trim_end_matches(":*").to_owned();
        let tags = self
            .caller
            .call(&calls::LOG_GROUP_TAGS, || {
                client.list_tags_for_resource().resource_arn(&arn).send()
            })
            .await;
        let tags = self.part.take(&calls::LOG_GROUP_TAGS, &[], name, tags);
        let tags = tags.map(|answer| {
            let mut tags: Vec<_> = answer.tags.unwrap_or_default().into_iter().collect();
            tags.sort();
            Tags::new(tags)
        });
        let group = LogGroup {
            log_group_name: name.to_owned(),
            arn,
            retention_in_days: found.retention_in_days.and_then(|days| u32::try_from(days).ok()),
            tags,
        };
        self.part.push(LIST, name, &group);
    }
}
