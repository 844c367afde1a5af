terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source = "hashicorp/aws"
      # The first with accept_role_session_name of profiles.
      version = ">= 6.25"
    }
  }
}
