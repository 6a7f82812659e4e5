"""Deploy the reference stacks by the CDK CLI, send them real input, report.

`local` does so in an emulated account on this machine, `aws` in the account of your
AWS credentials. A stack joins by its driver, `drivers/<stem>.py`; nothing central
lists them.
"""
