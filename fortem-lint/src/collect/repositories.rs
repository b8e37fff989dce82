//! Amazon ECR: whether tags of images can be moved.

use aws_sdk_ecr::Client;

use super::calls;
use super::region::Region;
use crate::snapshot::Repository;

const LIST: &str = "repositories";

impl Region<'_> {
    /// The repositories of the account.
    pub(super) async fn repositories(&self) {
        let client = Client::new(&self.config);
        let send = |token| client.describe_repositories().set_next_token(token).send();
        let listed = self.caller.pages(&calls::REPOSITORIES, send, |page| {
            self.part.declare(LIST);
            for one in page.repositories.unwrap_or_default() {
                let repository = Repository {
                    repository_name: one.repository_name.unwrap_or_default(),
                    repository_arn: one.repository_arn.unwrap_or_default(),
                    repository_uri: one.repository_uri.unwrap_or_default(),
                    image_tag_mutability: one
                        .image_tag_mutability
                        .map(|one| one.as_str().to_owned()),
                    tags: None,
                };
                self.part.push(LIST, &repository.repository_arn, &repository);
            }
            page.next_token
        });
        self.part.take(&calls::REPOSITORIES, &[LIST], "", listed.await);
    }
}
