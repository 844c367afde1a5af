variable "name" {
  description = "Begins the names of what is made"
  type        = string
  default     = "workloads"
}

variable "certificate_bundle" {
  description = "PEM of one or two CA certificates; null with private_ca_arn"
  type        = string
  default     = null

  validation {
    condition     = var.certificate_bundle == null ? true : !strcontains(var.certificate_bundle, "PRIVATE KEY")
    error_message = "The bundle holds a private key, which AWS must never see."
  }
}

variable "private_ca_arn" {
  description = "ARN of a CA of AWS Private CA, in place of certificate_bundle"
  type        = string
  default     = null
}

variable "session_seconds" {
  description = "Length of a session, 900 to 43200"
  type        = number
  default     = 3600

  validation {
    condition     = var.session_seconds >= 900 && var.session_seconds <= 43200
    error_message = "A session lasts 900 to 43200 seconds."
  }
}

variable "accept_role_session_name" {
  description = "Whether workloads choose the name that CloudTrail shows"
  type        = bool
  default     = false
}

variable "session_policy" {
  description = "Policy document in JSON that narrows every session; null: none"
  type        = string
  default     = null
}

variable "managed_session_policy_arns" {
  description = "Managed policies that narrow every session"
  type        = list(string)
  default     = []
}

variable "bucket_lister_subject" {
  description = "Certificates of pods: what is given must fit, and one is needed at least"
  type = object({
    common_name         = optional(string)
    organizational_unit = optional(string)
    uri                 = optional(string)
  })

  validation {
    condition = length(compact(values(var.bucket_lister_subject))) > 0 && alltrue([
      for value in compact(values(var.bucket_lister_subject)) : !strcontains(value, "*")
    ])
    error_message = "A subject needs common_name, organizational_unit or uri, each without *."
  }
}

variable "image_puller_subject" {
  description = "Certificates of nodes, likewise"
  type = object({
    common_name         = optional(string)
    organizational_unit = optional(string)
    uri                 = optional(string)
  })

  validation {
    condition = length(compact(values(var.image_puller_subject))) > 0 && alltrue([
      for value in compact(values(var.image_puller_subject)) : !strcontains(value, "*")
    ])
    error_message = "A subject needs common_name, organizational_unit or uri, each without *."
  }
}

variable "bucket_name" {
  description = "Bucket whose keys pods may list; null: none"
  type        = string
  default     = null
}

variable "repository_name" {
  description = "Repository to make"
  type        = string
  default     = "s3-bucket-lister"
}

variable "pull_repository_names" {
  description = "Other repositories of this account and region that nodes pull from"
  type        = list(string)
  default     = []
}

variable "pull_through_prefix" {
  description = "Prefix of a pull-through cache rule that nodes may use; null: none"
  type        = string
  default     = null
}

variable "pull_accounts" {
  description = "Other accounts that may pull, 12 digits each"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for account in var.pull_accounts : can(regex("^[0-9]{12}$", account))])
    error_message = "An account has 12 digits."
  }
}

variable "notification_email" {
  description = "Who hears of certificates that end; null: nobody"
  type        = string
  default     = null
}
