"""What each reference stack has to do, one module and one `contract` for each.

The stack's own tests run it, and so does `make prove-permissions`, with each grant
taken away in turn. Where a stack has to be made otherwise than by its class, the
module has `stack`.
"""
