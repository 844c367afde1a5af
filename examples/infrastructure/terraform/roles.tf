locals {
  subject_tags = {
    common_name         = "aws:PrincipalTag/x509Subject/CN"
    organizational_unit = "aws:PrincipalTag/x509Subject/OU"
    uri                 = "aws:PrincipalTag/x509SAN/URI"
  }

  pull_actions = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
  ]

  roles = {
    bucket-lister = {
      name        = var.bucket_lister_role_name
      description = "Pods outside AWS that list buckets"
      subject     = var.bucket_lister_subject
      permissions = concat(
        [{
          Sid    = "ListBuckets"
          Effect = "Allow"
          Action = ["s3:ListAllMyBuckets"]
          # AWS takes no other resource for this action.
          Resource = ["*"]
        }],
        [for bucket in var.bucket_name[*] : {
          Sid      = "ListOneBucket"
          Effect   = "Allow"
          Action   = ["s3:ListBucket"]
          Resource = ["arn:${local.partition}:s3:::${bucket}"]
        }],
      )
    }
    image-puller = {
      name        = var.image_puller_role_name
      description = "Nodes outside AWS that pull images"
      subject     = var.image_puller_subject
      permissions = concat(
        [
          {
            Sid    = "RegistryToken"
            Effect = "Allow"
            Action = ["ecr:GetAuthorizationToken"]
            # AWS takes no other resource for this action.
            Resource = ["*"]
          },
          {
            Sid      = "PullImages"
            Effect   = "Allow"
            Action   = concat(local.pull_actions, ["ecr:ListImages"])
            Resource = [for name in concat([var.repository_name], var.pull_repository_names) : "${local.repositories}/${name}"]
          },
        ],
        [for prefix in var.pull_through_prefix[*] : {
          Sid      = "PullThroughCache"
          Effect   = "Allow"
          Action   = concat(local.pull_actions, ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"])
          Resource = ["${local.repositories}/${prefix}/*"]
        }],
      )
    }
  }
}

resource "aws_iam_role" "workload" {
  for_each = local.roles

  name                 = each.value.name
  name_prefix          = each.value.name == null ? "${var.name}-${each.key}-" : null
  description          = each.value.description
  max_session_duration = max(3600, var.session_seconds)

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "CertificateOfThisWorkload"
      Effect    = "Allow"
      Principal = { Service = "rolesanywhere.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
      Condition = {
        ArnEquals = { "aws:SourceArn" = aws_rolesanywhere_trust_anchor.ca.arn }
        StringEquals = merge(
          { "aws:SourceAccount" = local.account },
          { for part, tag in local.subject_tags : tag => each.value.subject[part] if each.value.subject[part] != null },
        )
      }
    }]
  })
}

resource "aws_iam_role_policy" "workload" {
  for_each = local.roles

  name   = "permissions"
  role   = aws_iam_role.workload[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value.permissions })
}
