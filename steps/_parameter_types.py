from varbridge.conformance.vocabulary import parameter_types

parameter_types.use()
