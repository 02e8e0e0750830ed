"""One defect put into the golden service must give exactly that rule's finding."""
