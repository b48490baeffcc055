"""Of files as people have them, how many are read right without a single option?

    python -m benchmarks.files_as_they_come [--failed]

Each file has the name, columns, separator, encoding and labels of a well-known public data set or of an export that is
usual, and a few invented rows. Right is: every row, with the text and the label that belong to it.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.data import DatasetRef, load
from bench.errors import BenchError

Rows = list[tuple[str, str]]
WORDS = ("soup", "train", "hotel", "film", "phone", "lamp", "garden", "ticket")


class Shape(NamedTuple):
    """A delimited file: `>` marks the column of texts, `<` that of labels; others are filled with numbers and words."""

    name: str
    columns: str
    labels: str
    separator: str = ","
    encoding: str = "utf-8"
    header: bool = True


NEG_POS, STARS, THREE = "negative positive", "1 2 3 4 5", "negative neutral positive"
PUBLIC = [
    Shape("IMDB Dataset.csv", ">review <sentiment", NEG_POS),
    Shape(
        "training.1600000.processed.noemoticon.csv", "<polarity id date query user >text", "0 4", ",", "cp1252", False
    ),
    Shape("sentiment140-with-header.csv", "<target ids date flag user >text", "0 4"),
    Shape(
        "Tweets.csv",
        "tweet_id <airline_sentiment airline_sentiment_confidence negativereason airline name >text tweet_coord",
        THREE,
    ),
    Shape("Amazon-Fine-Food-Reviews.csv", "Id ProductId UserId HelpfulnessNumerator <Score Time Summary >Text", STARS),
    Shape("Amazon-2018.csv", "<overall verified reviewTime reviewerID asin >reviewText summary", STARS),
    Shape("yelp.csv", "business_id date review_id <stars >text type user_id cool useful funny", STARS),
    Shape("all-data.csv", "<sentiment >text", THREE, ",", "cp1252", False),
    Shape("rotten-tomatoes-train.tsv", "PhraseId SentenceId >Phrase <Sentiment", "0 1 2 3 4", "\t"),
    Shape("spam.csv", "<v1 >v2 empty empty2", "ham spam", ",", "cp1252"),
    Shape("SMSSpamCollection.txt", "<label >text", "ham spam", "\t", "utf-8", False),
    Shape("steam.csv", "app_id app_name >review_text <review_score review_votes", "-1 1"),
    Shape("AppleStore_reviews.csv", "id date <rating title >review", STARS),
    Shape("google-play.csv", "reviewId userName >content <score thumbsUpCount at", STARS),
    Shape("trustpilot.csv", "Username Time >Review <Rating", STARS),
    Shape("tripadvisor_hotel_reviews.csv", ">Review <Rating", STARS),
    Shape("Womens Clothing E-Commerce Reviews.csv", "id Age Title >Review_Text <Rating Recommended_IND", STARS),
    Shape("Restaurant_Reviews.tsv", ">Review <Liked", "0 1", "\t"),
    Shape("amazon_alexa.tsv", "<rating date variation >verified_reviews feedback", STARS, "\t"),
    Shape(
        "Corona_NLP_train.csv", "UserName ScreenName Location TweetAt >OriginalTweet <Sentiment", THREE, ",", "cp1252"
    ),
    Shape("twitter_training.csv", "id entity <sentiment >tweet", THREE, ",", "utf-8", False),
    Shape("tweet-sentiment-extraction.csv", "textID >text selected_text <sentiment", THREE),
    Shape("Twitter_Data.csv", ">clean_text <category", "-1 0 1"),
    Shape("Reddit_Data.csv", ">clean_comment <category", "-1 0 1"),
    Shape("emotions-train.txt", ">text <emotion", "joy sadness anger", ";", "utf-8", False),
    Shape("emotion-dataset.csv", ">Text <Emotion", "joy sadness anger"),
    Shape("sst2-train.tsv", ">sentence <label", "0 1", "\t"),
    Shape("labeledTrainData.tsv", "id <sentiment >review", "0 1", "\t"),
    Shape("hate_speech.csv", "id count hate_speech offensive neither <class >tweet", "0 1 2"),
    Shape("cyberbullying_tweets.csv", ">tweet_text <cyberbullying_type", "age religion none"),
    Shape("Stock_tweets.csv", ">Text <Sentiment", "-1 1"),
    Shape(
        "DisneylandReviews.csv",
        "Review_ID <Rating Year_Month Reviewer_Location >Review_Text Branch",
        STARS,
        ",",
        "cp1252",
    ),
    Shape("McDonald_s_Reviews.csv", "reviewer_id store_name review_time >review <rating", STARS),
    Shape("hotel-reviews.csv", "User_ID >Description Browser Device <Is_Response", "happy nothappy"),
    Shape(
        "Apple-Twitter-Sentiment.csv",
        "_unit_id _golden <sentiment sentiment:confidence date >text",
        "1 3 5",
        ",",
        "cp1252",
    ),
    Shape("poem_sentiment.csv", "id >verse_text <label", "0 1 2"),
    Shape("financial-news.csv", ">Sentence <Sentiment", THREE),
    Shape("allocine.csv", ">review <polarity", "0 1"),
    Shape("avis.csv", ">commentaire <note", STARS, ";", "cp1252"),
    Shape("bewertungen.csv", ">Text <Sterne", STARS, ";", "cp1252"),
    Shape("nps-export.csv", "Respondent Date >Comment <Score", STARS, ";", "utf-8-sig"),
    Shape("zendesk.csv", "ticket_id created_at >message <label", "complaint praise question"),
    Shape("labelstudio.csv", "id annotator >text <sentiment lead_time", THREE),
    Shape("prodigy-export.csv", ">Text <Label", NEG_POS),
    Shape("excel-de.csv", ">text <label", NEG_POS, ";", "cp1252"),
    Shape("excel-unicode.csv", ">text <label", NEG_POS, "\t", "utf-16"),
    Shape("pipe.csv", ">text <label", NEG_POS, "|"),
    Shape("upper.csv", ">TEXT <LABEL", NEG_POS),
    Shape("bom.csv", ">text <label", NEG_POS, ",", "utf-8-sig"),
    Shape("with-index.csv", "Unnamed >text <label", NEG_POS),
    Shape("with-splits.csv", ">text <label", NEG_POS),
    Shape("noheader.csv", ">text <label", NEG_POS, ",", "utf-8", False),
    Shape("ratings.csv", "product >body title <stars", STARS),
]
RECORDS = {
    "yelp_academic_dataset_review.json": ("text", "stars", [1.0, 2.0, 3.0, 4.0, 5.0]),
    "Digital_Music_5.json": ("reviewText", "overall", [1.0, 3.0, 5.0]),
    "hub.jsonl": ("text", "label", [0, 1]),
    "emotion.jsonl.gz": ("text", "label", [0, 1, 2]),
    "argilla.jsonl": ("text", "label", ["negative", "positive"]),
    "array.json": ("text", "sentiment", ["negative", "positive"]),
    "lines.ndjson": ("content", "label", ["bad", "good"]),
    "tweets.jsonl.bz2": ("tweet", "class", ["no", "yes"]),
}
"""JSON by name: the keys of texts and labels, and the labels."""


def rows_of(labels: list[str], n: int = 12) -> Rows:
    """Invented, as many of each label; with commas, quotes and accents."""
    return [
        (f'The {WORDS[i % 8]} was "so-so", café no. {i}; said guest {chr(65 + k)}', label)
        for i in range(n)
        for k, label in enumerate(labels)
    ]


def delimited(shape: Shape) -> tuple[bytes, Rows]:
    """The file, and its rows."""
    rows = rows_of(shape.labels.split())
    columns = shape.columns.split()
    out = io.StringIO()
    if shape.name.endswith(".txt") or shape.separator == "\t":
        rows = [(text.replace(";", ",").replace('"', "'"), label) for text, label in rows]
    writer = csv.writer(out, delimiter=shape.separator, lineterminator="\n")
    if shape.header:
        writer.writerow([column.lstrip("<>") for column in columns])
    for i, (text, label) in enumerate(rows):
        writer.writerow([
            text if column[0] == ">" else label if column[0] == "<" else f"{column[:4]} {i}" for column in columns
        ])  # fmt: skip
    return out.getvalue().encode(shape.encoding), rows


def records(text: str, label: str, labels: list[object], name: str) -> tuple[bytes, Rows]:
    """JSON, and its rows."""
    written = {str(int(value)) if isinstance(value, float) else str(value): value for value in labels}
    rows = rows_of(list(written))
    objects = [{"id": i, text: one, label: written[other]} for i, (one, other) in enumerate(rows)]
    plain = json.dumps(objects) if name == "array.json" else "".join(json.dumps(each) + "\n" for each in objects)
    pack = {"gz": gzip.compress, "bz2": bz2.compress}.get(name.rpartition(".")[2], lambda content: content)
    return pack(plain.encode()), rows


def files() -> Iterator[tuple[str, bytes, Rows]]:
    """Name, content and rows of each."""
    for shape in PUBLIC:
        yield (shape.name, *delimited(shape))
    for name, (text, label, labels) in RECORDS.items():
        yield (name, *records(text, label, labels, name))
    content, rows = delimited(PUBLIC[0])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("IMDB Dataset.csv", content)
    yield "archive.zip", buffer.getvalue(), rows
    yield "IMDB.csv.gz", gzip.compress(content), rows


def why_not(path: Path, rows: Rows) -> str | None:
    """None where it is read right, else what is said or what is wrong."""
    try:
        found = load(DatasetRef(str(path)))
    except BenchError as error:
        return str(error).replace(str(path), path.name)
    splits = (found.train, found.validation, found.test)
    read = [
        (text, found.facts.label_names[label])
        for split in splits
        for text, label in zip(split.texts, split.labels.tolist(), strict=True)
    ]
    return None if sorted(read) == sorted(rows) else f"{len(set(read) & set(rows))} of {len(rows)} rows are right"


def main() -> None:
    count = right = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, content, rows in files():
            path = Path(folder) / name
            path.write_bytes(content)
            why = why_not(path, rows)
            count, right = count + 1, right + (why is None)
            wrong += why is not None and why.endswith("are right")
            if why is not None and "--failed" in sys.argv:
                print(f"{name}: {why}")
    print(f"{right} of {count} files are read right without an option; {wrong} are read wrongly, the others refused")


if __name__ == "__main__":
    main()
