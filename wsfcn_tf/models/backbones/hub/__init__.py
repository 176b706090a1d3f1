"""Any KerasHub backbone that is given by a preset; on Keras 3 only, and only where keras-hub is installed."""
