"""HTTP in front of functions: load balancers, APIs, function URLs and CloudFront."""
