data "aws_partition" "current" {}

locals {
  bundle     = jsondecode(file("${var.bundle}/bundle.json"))
  key        = "sentibench/${var.name}/${local.bundle.artifact}/model.tar.gz"
  serverless = var.instance_type == null
  scaled     = !local.serverless && var.scale_to != null
  role_arn   = var.role_arn == null ? aws_iam_role.this[0].arn : var.role_arn
  tags       = merge(var.tags, { sentibench = var.name })

  # Models and configurations cannot be changed: another content is another name.
  model_hash  = substr(sha256(jsonencode([local.key, var.bucket, var.image, var.role_arn, local.serverless])), 0, 12)
  config_hash = substr(sha256(jsonencode([local.model_hash, var.instance_type, var.instance_count, var.memory_mb, var.max_concurrency])), 0, 12)
}

resource "aws_s3_object" "model" {
  bucket      = var.bucket
  key         = local.key
  source      = "${var.bundle}/model.tar.gz"
  source_hash = filesha256("${var.bundle}/model.tar.gz")
}

resource "aws_sagemaker_model" "this" {
  name               = "${var.name}-${local.model_hash}"
  execution_role_arn = local.role_arn
  # Serverless endpoints do not know it.
  enable_network_isolation = !local.serverless
  tags                     = local.tags

  primary_container {
    image          = var.image
    model_data_url = "s3://${aws_s3_object.model.bucket}/${aws_s3_object.model.key}"
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_iam_role_policy.this]
}

resource "aws_sagemaker_endpoint_configuration" "this" {
  name = "${var.name}-${local.config_hash}"
  tags = local.tags

  production_variants {
    variant_name           = "main"
    model_name             = aws_sagemaker_model.this.name
    initial_variant_weight = 1
    instance_type          = var.instance_type
    initial_instance_count = local.serverless ? null : var.instance_count

    dynamic "serverless_config" {
      for_each = local.serverless ? [1] : []

      content {
        memory_size_in_mb = var.memory_mb
        max_concurrency   = var.max_concurrency
      }
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "this" {
  name                 = var.name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this.name
  tags                 = local.tags
}

resource "aws_appautoscaling_target" "this" {
  count = local.scaled ? 1 : 0

  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.this.name}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = var.instance_count
  max_capacity       = var.scale_to

  lifecycle {
    precondition {
      condition     = var.scale_to >= var.instance_count
      error_message = "scale_to is less than instance_count."
    }
  }
}

resource "aws_appautoscaling_policy" "this" {
  count = local.scaled ? 1 : 0

  name               = "${var.name}-invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  resource_id        = aws_appautoscaling_target.this[0].resource_id
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = var.invocations_per_minute
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}
