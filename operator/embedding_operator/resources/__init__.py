"""What people write and read: both kinds, typed, and the CustomResourceDefinitions made of them."""
