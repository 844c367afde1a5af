resource "aws_sns_topic" "expiry" {
  name_prefix  = "${var.name}-expiry-"
  display_name = "Certificates that end soon"
}

resource "aws_sns_topic_subscription" "email" {
  count = var.notification_email == null ? 0 : 1

  topic_arn = aws_sns_topic.expiry.arn
  protocol  = "email"
  endpoint  = var.notification_email
}

resource "aws_cloudwatch_event_rule" "expiry" {
  name_prefix = "${var.name}-expiry-"
  description = "Roles Anywhere says that a certificate ends soon"
  event_pattern = jsonencode({
    source      = ["aws.rolesanywhere"]
    detail-type = ["Roles Anywhere Certificate Expiration State Change"]
  })
}

resource "aws_cloudwatch_event_target" "expiry" {
  rule = aws_cloudwatch_event_rule.expiry.name
  arn  = aws_sns_topic.expiry.arn
}

resource "aws_sns_topic_policy" "expiry" {
  arn = aws_sns_topic.expiry.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "EventsOfThisRule"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.expiry.arn
        Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.expiry.arn } }
      },
      {
        Sid       = "AlarmsOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.expiry.arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

# The service publishes a metric for CA certificates alone, once a day and only near their end.
resource "aws_cloudwatch_metric_alarm" "ca_certificate" {
  alarm_name          = "${var.name}-ca-certificate"
  alarm_description   = "The certificate of the trust anchor ends soon: every session depends on it"
  namespace           = "AWS/RolesAnywhere"
  metric_name         = "DaysToExpiry"
  dimensions          = { TrustAnchorArn = aws_rolesanywhere_trust_anchor.ca.arn }
  statistic           = "Minimum"
  comparison_operator = "LessThanOrEqualToThreshold"
  threshold           = var.ca_alarm_days
  period              = 86400
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.expiry.arn]

  lifecycle {
    precondition {
      condition     = var.ca_alarm_days <= var.ca_expiry_days
      error_message = "The metric begins ca_expiry_days before the end: ca_alarm_days cannot be more."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "any_certificate" {
  alarm_name          = "${var.name}-any-certificate"
  alarm_description   = "A certificate that workloads use, or one of a CA, ends soon"
  namespace           = "AWS/Events"
  metric_name         = "MatchedEvents"
  dimensions          = { RuleName = aws_cloudwatch_event_rule.expiry.name }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 86400
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.expiry.arn]
}
