mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name   = "tweets"
  bundle = "bundle"
  bucket = "my-bucket"
  image  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sentibench:1"
}

run "serverless" {
  command = plan

  assert {
    condition     = one(one(aws_sagemaker_endpoint_configuration.this.production_variants).serverless_config).memory_size_in_mb == 2048
    error_message = "the capacity is not serverless"
  }
  assert {
    condition     = length(aws_iam_role.this) == 1 && length(aws_appautoscaling_target.this) == 0 && !aws_sagemaker_model.this.enable_network_isolation
    error_message = "a role of its own, no scaling, no isolation"
  }
  assert {
    condition     = aws_s3_object.model.key == "sentibench/tweets/0123abcd/model.tar.gz"
    error_message = "the archive lies elsewhere"
  }
}

run "machines" {
  command = plan

  variables {
    role_arn      = "arn:aws:iam::123456789012:role/serve"
    instance_type = "ml.c6i.large"
    scale_to      = 4
  }

  assert {
    condition     = one(aws_sagemaker_endpoint_configuration.this.production_variants).initial_instance_count == 1 && length(one(aws_sagemaker_endpoint_configuration.this.production_variants).serverless_config) == 0
    error_message = "the capacity is not of machines"
  }
  assert {
    condition     = length(aws_iam_role.this) == 0 && aws_appautoscaling_target.this[0].max_capacity == 4 && aws_appautoscaling_policy.this[0].resource_id == "endpoint/tweets/variant/main"
    error_message = "the given role, scaled to four"
  }
}

run "refused" {
  command = plan

  variables {
    name            = "two--dashes"
    bundle          = "nowhere"
    bucket          = "B"
    image           = "sentibench:1"
    role_arn        = "serve"
    instance_type   = "c6i"
    instance_count  = 0
    memory_mb       = 1000
    max_concurrency = 201
  }

  expect_failures = [
    var.name, var.bundle, var.bucket, var.image, var.role_arn, var.instance_type, var.instance_count, var.memory_mb,
    var.max_concurrency,
  ]
}

run "fewer_than_at_first" {
  command = plan

  variables {
    instance_type  = "ml.c6i.large"
    instance_count = 3
    scale_to       = 2
  }

  expect_failures = [aws_appautoscaling_target.this]
}
