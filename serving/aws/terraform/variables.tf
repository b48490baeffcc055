variable "name" {
  description = "Of the endpoint; what it is made of gets this name and a hash of its content."
  type        = string

  validation {
    condition     = length(var.name) <= 50 && can(regex("^[a-zA-Z0-9](-?[a-zA-Z0-9])*$", var.name))
    error_message = "Letters, digits and single dashes between them, 50 at most."
  }
}

variable "bundle" {
  description = "The folder that `python -m serving package` wrote."
  type        = string

  validation {
    condition     = fileexists("${var.bundle}/bundle.json") && fileexists("${var.bundle}/model.tar.gz")
    error_message = "The folder holds no bundle.json and model.tar.gz: make it by `python -m serving package`."
  }
}

variable "bucket" {
  description = "An S3 bucket in the region of the endpoint, where model.tar.gz goes."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "Not the name of a bucket."
  }
}

variable "image" {
  description = "The image in ECR that the bundle's Dockerfile made, with tag or digest."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/[a-z0-9._/-]+([:@][A-Za-z0-9_.:-]+)?$", var.image))
    error_message = "Give one such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com/sentibench:TAG."
  }
}

variable "role_arn" {
  description = "The role that SageMaker takes on; null: one is made that may do no more than is needed."
  type        = string
  default     = null

  validation {
    condition     = var.role_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.role_arn))
    error_message = "Give one such as arn:aws:iam::123456789012:role/NAME, or null."
  }
}

variable "instance_type" {
  description = "Machines of this type, such as ml.c6i.large; null: serverless."
  type        = string
  default     = null

  validation {
    condition     = var.instance_type == null || can(regex("^ml\\.[a-z0-9-]+\\.[a-z0-9]+$", var.instance_type))
    error_message = "Give a type such as ml.c6i.large, or null."
  }
}

variable "instance_count" {
  description = "How many machines."
  type        = number
  default     = 1

  validation {
    condition     = var.instance_count >= 1 && floor(var.instance_count) == var.instance_count
    error_message = "A whole number, 1 or more."
  }
}

variable "scale_to" {
  description = "Up to how many machines, as more is asked; null: always instance_count. SageMaker changes the instance type of no endpoint that is scaled: apply with null before."
  type        = number
  default     = null

  validation {
    condition     = var.scale_to == null || try(var.scale_to >= 1 && floor(var.scale_to) == var.scale_to, false)
    error_message = "A whole number, 1 or more, or null."
  }
}

variable "invocations_per_minute" {
  description = "Invocations a minute of one machine to aim at."
  type        = number
  default     = 3000

  validation {
    condition     = var.invocations_per_minute >= 1
    error_message = "1 or more."
  }
}

variable "memory_mb" {
  description = "Of a serverless endpoint."
  type        = number
  default     = 2048

  validation {
    condition     = contains([1024, 2048, 3072, 4096, 5120, 6144], var.memory_mb)
    error_message = "One of 1024, 2048, 3072, 4096, 5120 and 6144."
  }
}

variable "max_concurrency" {
  description = "Requests that a serverless endpoint answers at once."
  type        = number
  default     = 5

  validation {
    condition     = var.max_concurrency >= 1 && var.max_concurrency <= 200
    error_message = "1 to 200."
  }
}

variable "tags" {
  description = "Further tags of everything that is made."
  type        = map(string)
  default     = {}
}
