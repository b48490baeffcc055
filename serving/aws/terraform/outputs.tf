output "endpoint_name" {
  description = "What `aws sagemaker-runtime invoke-endpoint --endpoint-name` is given."
  value       = aws_sagemaker_endpoint.this.name
}

output "endpoint_arn" {
  description = "For policies of those who may invoke it."
  value       = aws_sagemaker_endpoint.this.arn
}

output "model_name" {
  description = "Of the model that is served."
  value       = aws_sagemaker_model.this.name
}

output "model_data_url" {
  description = "Where its archive is."
  value       = "s3://${aws_s3_object.model.bucket}/${aws_s3_object.model.key}"
}

output "role_arn" {
  description = "The role that SageMaker takes on."
  value       = local.role_arn
}
