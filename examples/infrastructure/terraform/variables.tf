variable "name" {
  description = "Begins the names of what is made"
  type        = string
  default     = "workloads"

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9-]{0,22}$", var.name))
    error_message = "The name begins other names: a letter, then letters, digits and hyphens, 23 characters at most."
  }
}

variable "certificate_bundle" {
  description = "PEM of one or two CA certificates; null with private_ca_arn"
  type        = string
  default     = null

  validation {
    condition     = var.certificate_bundle == null ? true : !strcontains(var.certificate_bundle, "PRIVATE KEY")
    error_message = "The bundle holds a private key, which AWS must never see."
  }

  validation {
    condition     = var.certificate_bundle == null ? true : contains([1, 2], length(split("-----BEGIN CERTIFICATE-----", var.certificate_bundle)) - 1)
    error_message = "The bundle is the text of one or two CA certificates in PEM, for example file(\"ca.pem\")."
  }
}

variable "private_ca_arn" {
  description = "ARN of a CA of AWS Private CA, in place of certificate_bundle"
  type        = string
  default     = null

  validation {
    condition     = var.private_ca_arn == null ? true : can(regex("^arn:[a-z-]+:acm-pca:", var.private_ca_arn))
    error_message = "Not the ARN of a CA of AWS Private CA (arn:aws:acm-pca:...)."
  }
}

variable "revocation_lists" {
  description = "CRLs in PEM, at most two"
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.revocation_lists) <= 2
    error_message = "A trust anchor has at most two CRLs."
  }
}

variable "ca_expiry_days" {
  description = "Days before the end of a CA certificate at which notices begin"
  type        = number
  default     = 45

  validation {
    condition     = var.ca_expiry_days >= 1 && var.ca_expiry_days <= 360 && floor(var.ca_expiry_days) == var.ca_expiry_days
    error_message = "Notices begin 1 to 360 whole days before the end."
  }
}

variable "end_entity_expiry_days" {
  description = "The same for certificates of workloads"
  type        = number
  default     = 14

  validation {
    condition     = var.end_entity_expiry_days >= 1 && var.end_entity_expiry_days <= 360 && floor(var.end_entity_expiry_days) == var.end_entity_expiry_days
    error_message = "Notices begin 1 to 360 whole days before the end."
  }
}

variable "session_seconds" {
  description = "Length of a session, 900 to 43200; the roles permit as much"
  type        = number
  default     = 3600

  validation {
    condition     = var.session_seconds >= 900 && var.session_seconds <= 43200 && floor(var.session_seconds) == var.session_seconds
    error_message = "A session lasts 900 to 43200 seconds, a whole number."
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

  validation {
    condition     = var.session_policy == null ? true : can(jsondecode(var.session_policy).Statement)
    error_message = "Not a policy document in JSON, for example jsonencode({ Version = ..., Statement = [...] })."
  }
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
    condition     = anytrue([for value in values(var.bucket_lister_subject) : value != null])
    error_message = "A subject needs common_name, organizational_unit or uri: without any, each certificate of the CA would be let in."
  }

  # What a session tag can be; anything else, a wildcard for example, would match nothing.
  validation {
    condition     = alltrue([for value in values(var.bucket_lister_subject) : value == null ? true : can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]{1,256}$", value))])
    error_message = "Each part of a subject is a whole value of letters, digits, spaces and _.:/=+-@, without wildcards."
  }
}

variable "bucket_lister_role_name" {
  description = "Name of the role of pods; null: one that begins with var.name"
  type        = string
  default     = null
}

variable "bucket_name" {
  description = "Bucket whose keys pods may list; null: none"
  type        = string
  default     = null

  validation {
    condition     = var.bucket_name == null ? true : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "Not the name of a bucket; wildcards and ARNs are none."
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
    condition     = anytrue([for value in values(var.image_puller_subject) : value != null])
    error_message = "A subject needs common_name, organizational_unit or uri: without any, each certificate of the CA would be let in."
  }

  # What a session tag can be; anything else, a wildcard for example, would match nothing.
  validation {
    condition     = alltrue([for value in values(var.image_puller_subject) : value == null ? true : can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]{1,256}$", value))])
    error_message = "Each part of a subject is a whole value of letters, digits, spaces and _.:/=+-@, without wildcards."
  }
}

variable "image_puller_role_name" {
  description = "Name of the role of nodes; null: one that begins with var.name"
  type        = string
  default     = null
}

variable "pull_repository_names" {
  description = "Other repositories of this account and region that nodes pull from"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.pull_repository_names : can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", name))])
    error_message = "Not the name of a repository; wildcards and ARNs are none."
  }
}

variable "pull_through_prefix" {
  description = "Prefix of a pull-through cache rule that nodes may use; null: none"
  type        = string
  default     = null

  validation {
    condition     = var.pull_through_prefix == null ? true : can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", var.pull_through_prefix))
    error_message = "Not the prefix of a pull-through cache rule: no slash at the end, and no wildcard."
  }
}

variable "repository_name" {
  description = "Repository to make"
  type        = string
  default     = "s3-bucket-lister"

  validation {
    condition     = can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", var.repository_name))
    error_message = "Not the name of a repository."
  }
}

variable "kept_images" {
  description = "Images that are kept; older ones go"
  type        = number
  default     = 30

  validation {
    condition     = var.kept_images >= 1 && floor(var.kept_images) == var.kept_images
    error_message = "At least one image is kept, and only whole ones."
  }
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

variable "ca_alarm_days" {
  description = "Days before the end of a CA certificate at which the alarm goes off, at most ca_expiry_days"
  type        = number
  default     = 30
}

variable "notification_email" {
  description = "Who hears of certificates that end; null: nobody"
  type        = string
  default     = null
}
