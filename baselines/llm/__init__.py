"""What the recipe `llm` is made of: the prompt, the endpoint, the answers that are kept, and what they cost."""
