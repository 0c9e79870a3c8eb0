"""What is: read from the cluster and the pods, and put into facts that can be decided on."""
