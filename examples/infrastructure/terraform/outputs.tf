# Names that "rolesanywhere settings" reads.

output "trust_anchor_arn" {
  description = "What CreateSession asks for, with the next two"
  value       = aws_rolesanywhere_trust_anchor.ca.arn
}

output "profile_arn" {
  description = "Profile of both roles"
  value       = aws_rolesanywhere_profile.workloads.arn
}

output "bucket_lister_role_arn" {
  description = "Role of pods"
  value       = aws_iam_role.workload["bucket-lister"].arn
}

output "image_puller_role_arn" {
  description = "Role of nodes"
  value       = aws_iam_role.workload["image-puller"].arn
}

output "repository_uri" {
  description = "Repository, to push to and to pull from"
  value       = aws_ecr_repository.images.repository_url
}

output "registry_host" {
  description = "Its registry"
  value       = split("/", aws_ecr_repository.images.repository_url)[0]
}

output "expiry_topic_arn" {
  description = "Topic of the alarms"
  value       = aws_sns_topic.expiry.arn
}

output "region" {
  description = "Region of all of it"
  value       = local.region
}
