# Names that "rolesanywhere settings" reads.

output "trust_anchor_arn" {
  value = aws_rolesanywhere_trust_anchor.ca.arn
}

output "profile_arn" {
  value = aws_rolesanywhere_profile.workloads.arn
}

output "bucket_lister_role_arn" {
  value = aws_iam_role.workload["bucket-lister"].arn
}

output "image_puller_role_arn" {
  value = aws_iam_role.workload["image-puller"].arn
}

output "repository_uri" {
  value = aws_ecr_repository.images.repository_url
}

output "registry_host" {
  value = split("/", aws_ecr_repository.images.repository_url)[0]
}

output "expiry_topic_arn" {
  value = aws_sns_topic.expiry.arn
}

output "region" {
  value = local.region
}
