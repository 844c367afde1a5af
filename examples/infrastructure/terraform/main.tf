data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  # From an ARN of this region: the attribute of aws_region has another name in each major version.
  region = split(":", aws_ecr_repository.images.arn)[3]

  subjects = {
    bucket-lister = var.bucket_lister_subject
    image-puller  = var.image_puller_subject
  }
  subject_tags = {
    common_name         = "aws:PrincipalTag/x509Subject/CN"
    organizational_unit = "aws:PrincipalTag/x509Subject/OU"
    uri                 = "aws:PrincipalTag/x509SAN/URI"
  }
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
    threshold = 45
  }

  notification_settings {
    channel   = "ALL"
    enabled   = true
    event     = "END_ENTITY_CERTIFICATE_EXPIRY"
    threshold = 14
  }

  lifecycle {
    precondition {
      condition     = (var.certificate_bundle == null) != (var.private_ca_arn == null)
      error_message = "Give one of certificate_bundle and private_ca_arn."
    }
  }
}

data "aws_iam_policy_document" "trust" {
  for_each = local.subjects

  statement {
    sid     = "CertificateOfThisWorkload"
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]

    principals {
      type        = "Service"
      identifiers = ["rolesanywhere.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_rolesanywhere_trust_anchor.ca.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    dynamic "condition" {
      for_each = { for part, tag in local.subject_tags : tag => each.value[part] if each.value[part] != null }

      content {
        test     = "StringEquals"
        variable = condition.key
        values   = [condition.value]
      }
    }
  }
}

resource "aws_iam_role" "workload" {
  for_each = local.subjects

  name_prefix          = "${var.name}-${each.key}-"
  description          = each.key == "image-puller" ? "Nodes outside AWS that pull images" : "Pods outside AWS that list buckets"
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = max(3600, var.session_seconds)
}

data "aws_iam_policy_document" "bucket_lister" {
  statement {
    sid     = "ListBuckets"
    actions = ["s3:ListAllMyBuckets"]
    # AWS takes no other resource for this action.
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = var.bucket_name == null ? [] : [var.bucket_name]

    content {
      sid       = "ListOneBucket"
      actions   = ["s3:ListBucket"]
      resources = ["arn:${local.partition}:s3:::${statement.value}"]
    }
  }
}

data "aws_iam_policy_document" "image_puller" {
  statement {
    sid     = "RegistryToken"
    actions = ["ecr:GetAuthorizationToken"]
    # AWS takes no other resource for this action.
    resources = ["*"]
  }

  statement {
    sid = "PullImages"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
      "ecr:ListImages",
    ]
    resources = concat(
      [aws_ecr_repository.images.arn],
      [for name in var.pull_repository_names : "arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${name}"],
    )
  }

  dynamic "statement" {
    for_each = var.pull_through_prefix == null ? [] : [var.pull_through_prefix]

    content {
      sid = "PullThroughCache"
      actions = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchImportUpstreamImage",
        "ecr:CreateRepository",
      ]
      resources = ["arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${statement.value}/*"]
    }
  }
}

resource "aws_iam_role_policy" "bucket_lister" {
  name   = "list-buckets"
  role   = aws_iam_role.workload["bucket-lister"].id
  policy = data.aws_iam_policy_document.bucket_lister.json
}

resource "aws_iam_role_policy" "image_puller" {
  name   = "pull-images"
  role   = aws_iam_role.workload["image-puller"].id
  policy = data.aws_iam_policy_document.image_puller.json
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
