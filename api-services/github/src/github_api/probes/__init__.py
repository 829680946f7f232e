"""How writes whose reply was lost are found at GitHub, one module for each topic."""
