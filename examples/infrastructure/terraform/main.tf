data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account      = data.aws_caller_identity.current.account_id
  partition    = data.aws_partition.current.partition
  region       = data.aws_region.current.region
  repositories = "arn:${local.partition}:ecr:${local.region}:${local.account}:repository"
}

resource "aws_rolesanywhere_trust_anchor" "ca" {
  name    = var.name
  enabled = true

  source {
    source_type = var.private_ca_arn == null ? "CERTIFICATE_BUNDLE" : "AWS_ACM_PCA"
    source_data {
      acm_pca_arn           = var.private_ca_arn
      x509_certificate_data = var.certificate_bundle
    }
  }

  notification_settings {
    channel   = "ALL"
    enabled   = true
    event     = "CA_CERTIFICATE_EXPIRY"
    threshold = var.ca_expiry_days
  }

  notification_settings {
    channel   = "ALL"
    enabled   = true
    event     = "END_ENTITY_CERTIFICATE_EXPIRY"
    threshold = var.end_entity_expiry_days
  }

  lifecycle {
    precondition {
      condition     = (var.certificate_bundle == null) != (var.private_ca_arn == null)
      error_message = "Give one of certificate_bundle and private_ca_arn."
    }
  }
}

# The provider has no resource for revocation lists; CloudFormation has, and takes 51,200 bytes.
resource "aws_cloudformation_stack" "revocation_lists" {
  count = length(var.revocation_lists) > 0 ? 1 : 0

  name = "${var.name}-revocation-lists"
  template_body = jsonencode({
    Resources = {
      for index, list in var.revocation_lists : "Crl${index + 1}" => {
        Type = "AWS::RolesAnywhere::CRL"
        Properties = {
          Name           = "${var.name}-${index + 1}"
          CrlData        = list
          Enabled        = true
          TrustAnchorArn = aws_rolesanywhere_trust_anchor.ca.arn
        }
      }
    }
  })
}

resource "aws_rolesanywhere_profile" "workloads" {
  name                     = var.name
  enabled                  = true
  role_arns                = [for role in aws_iam_role.workload : role.arn]
  duration_seconds         = var.session_seconds
  accept_role_session_name = var.accept_role_session_name
  session_policy           = var.session_policy
  managed_policy_arns      = var.managed_session_policy_arns
}
