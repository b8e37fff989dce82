# Policies and roles of the fleet, in the account that this configuration is applied to.
# `fortem-compile build --format json,terraform` writes the module.

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "console_role_arn" {
  type        = string
  description = "The role that people come with: that of the console, of a broker or of IAM Identity Center."
}

# Who may assume the roles. There is no `sts:TagSession` here: whoever could pass the tag `Environment` would choose
# the environment, whatever role they have.
data "aws_iam_policy_document" "people" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [var.console_role_arn]
    }
  }
}

module "fortem" {
  source = "../../out/terraform"

  # Only these roles are made: those of the environments that are in this account.
  trust_policies = {
    "developer-dev"      = data.aws_iam_policy_document.people.json
    "developer-staging"  = data.aws_iam_policy_document.people.json
    "log-viewer-staging" = data.aws_iam_policy_document.people.json
  }
}

output "roles" {
  value = module.fortem.role_arns
}
