"""People in videos: from videos and a picture of a person to the times at which the person was seen."""
