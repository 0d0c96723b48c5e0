"""The gallery of broken bridges: small defects of the reference bridge that the features must catch.

And changes that break nothing, which the features must let pass. A suite that has never been red has shown
nothing: this is where it is.
"""
