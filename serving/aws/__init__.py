"""An artifact as a SageMaker endpoint: the bundle, the calls that deploy it, a Terraform module that does the same."""
