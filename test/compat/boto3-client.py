# What boto3 is asked to do, for boto3.test.ts: `boto3-client.py ENDPOINT FOLDER [CA]`. The first failed
# assertion ends it. Steps it has done are printed, one a line.
import hashlib
import io
import os
import ssl
import sys
import urllib.error
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.client import Config
from botocore.exceptions import ClientError

endpoint, folder = sys.argv[1:3]
ca = sys.argv[3] if len(sys.argv) > 3 else None
s3 = boto3.client("s3", endpoint_url=endpoint, verify=ca)
tls = ssl.create_default_context(cafile=ca) if ca else None
MIB = 1024 * 1024


def refused(code, call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error
    raise AssertionError(f"{code} was expected")


def fetch(url, data=None, method="GET", headers={}):
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, context=tls) as reply:
        return reply.read()


def buckets():
    s3.create_bucket(Bucket="boto")
    s3.get_waiter("bucket_exists").wait(Bucket="boto")
    assert "boto" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_location(Bucket="boto")["LocationConstraint"] is None
    refused("NoSuchBucket", s3.list_objects_v2, Bucket="never-made")


def objects():
    put = s3.put_object(
        Bucket="boto", Key="k ü+%25/../x", Body=b"abc", Metadata={"a": "b"}, ContentType="text/x"
    )
    got = s3.get_object(Bucket="boto", Key="k ü+%25/../x")
    assert got["Body"].read() == b"abc" and got["ETag"] == put["ETag"]
    assert got["Metadata"] == {"a": "b"} and got["ContentType"] == "text/x"
    ranged = s3.get_object(Bucket="boto", Key="k ü+%25/../x", Range="bytes=1-1")
    assert ranged["Body"].read() == b"b" and ranged["ContentRange"] == "bytes 1-1/3"
    refused("NoSuchKey", s3.get_object, Bucket="boto", Key="absent")
    refused("404", s3.head_object, Bucket="boto", Key="absent")
    refused(
        "PreconditionFailed",
        s3.put_object,
        Bucket="boto",
        Key="k ü+%25/../x",
        Body=b"x",
        IfNoneMatch="*",
    )
    refused("304", s3.get_object, Bucket="boto", Key="k ü+%25/../x", IfNoneMatch=put["ETag"])


def checksums():
    for algorithm in ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]:
        # A file object is streamed with its checksum in the trailer when TLS allows it.
        for body in [b"123456789", io.BytesIO(b"123456789")]:
            put = s3.put_object(
                Bucket="boto", Key=algorithm, Body=body, ChecksumAlgorithm=algorithm
            )
            head = s3.head_object(Bucket="boto", Key=algorithm, ChecksumMode="ENABLED")
            name = f"Checksum{algorithm}"
            assert put[name] == head[name] and head["ChecksumType"] == "FULL_OBJECT"
            got = s3.get_object(Bucket="boto", Key=algorithm, ChecksumMode="ENABLED")
            assert got["Body"].read() == b"123456789"


def default_multipart():
    # The upload asks for no checksum, and boto3 sends a CRC32 with each part: the object has a CRC64NVME.
    content = [os.urandom(9 * MIB), os.urandom(5 * MIB), b"the rest"]
    s3.put_object(Bucket="boto", Key="at-once", Body=b"".join(content), ChecksumAlgorithm="CRC64NVME")
    once = s3.head_object(Bucket="boto", Key="at-once", ChecksumMode="ENABLED")
    expected = once["ChecksumCRC64NVME"]
    target = {"Bucket": "boto", "Key": "default-multipart"}
    for given in [{}, {"ChecksumCRC64NVME": expected, "ChecksumType": "FULL_OBJECT"}]:
        upload = s3.create_multipart_upload(**target)["UploadId"]
        parts = []
        for number, body in enumerate(content, 1):
            part = s3.upload_part(**target, UploadId=upload, PartNumber=number, Body=body)
            assert "ChecksumCRC32" in part, part
            named = {"PartNumber": number, "ETag": part["ETag"]}
            parts.append({**named, "ChecksumCRC32": part["ChecksumCRC32"]})
        whole = {**target, "UploadId": upload, "MultipartUpload": {"Parts": parts}}
        refused("BadDigest", s3.complete_multipart_upload, **whole, ChecksumCRC64NVME="AAAAAAAAAAA=")
        done = s3.complete_multipart_upload(**whole, **given)
        assert done["ChecksumCRC64NVME"] == expected and done["ChecksumType"] == "FULL_OBJECT"
        head = s3.head_object(**target, ChecksumMode="ENABLED")
        assert head["ChecksumCRC64NVME"] == expected, head
        assert s3.get_object(**target, ChecksumMode="ENABLED")["Body"].read() == b"".join(content)


def managed_transfers():
    source, target = os.path.join(folder, "boto-large"), os.path.join(folder, "boto-back")
    content = os.urandom(23 * MIB + 7)
    with open(source, "wb") as file:
        file.write(content)
    config = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=5 * MIB)
    extra = {"Metadata": {"m": "1"}}
    s3.upload_file(source, "boto", "large", Config=config, ExtraArgs=extra)
    head = s3.head_object(Bucket="boto", Key="large")
    assert head["ETag"].endswith('-5"') and head["Metadata"] == {"m": "1"}, head
    s3.download_file("boto", "large", target, Config=config)
    with open(target, "rb") as file:
        assert hashlib.sha256(file.read()).digest() == hashlib.sha256(content).digest()
    s3.copy({"Bucket": "boto", "Key": "large"}, "boto", "copied", Config=config)
    assert s3.head_object(Bucket="boto", Key="copied")["ContentLength"] == len(content)
    collected = io.BytesIO()
    s3.download_fileobj("boto", "copied", collected, Config=config)
    assert collected.getvalue() == content


def tags_and_versions():
    s3.put_bucket_tagging(Bucket="boto", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    assert s3.get_bucket_tagging(Bucket="boto")["TagSet"] == [{"Key": "k", "Value": "v"}]
    s3.delete_bucket_tagging(Bucket="boto")
    refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket="boto")
    s3.create_bucket(Bucket="boto-versions")
    s3.put_bucket_versioning(
        Bucket="boto-versions", VersioningConfiguration={"Status": "Enabled"}
    )
    target = {"Bucket": "boto-versions", "Key": "k"}
    first = s3.put_object(**target, Body=b"1", Tagging="a=1")["VersionId"]
    s3.put_object(**target, Body=b"2")
    s3.put_object_tagging(**target, Tagging={"TagSet": [{"Key": "b", "Value": "2"}]})
    tags = s3.get_object_tagging(**target, VersionId=first)["TagSet"]
    assert tags == [{"Key": "a", "Value": "1"}]
    assert s3.delete_object(**target)["DeleteMarker"] is True
    refused("NoSuchKey", s3.get_object, **target)
    assert s3.get_object(**target, VersionId=first)["Body"].read() == b"1"
    versions = boto3.resource("s3", endpoint_url=endpoint, verify=ca).Bucket("boto-versions")
    assert len(list(versions.object_versions.all())) == 3
    versions.object_versions.delete()
    s3.delete_bucket(Bucket="boto-versions")


def cors():
    rule = {
        "ID": "of boto",
        "AllowedMethods": ["GET", "HEAD"],
        "AllowedOrigins": ["https://*.example.org"],
        "AllowedHeaders": ["x-amz-*"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 60,
    }
    refused("NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket="boto")
    s3.put_bucket_cors(Bucket="boto", CORSConfiguration={"CORSRules": [rule]})
    assert s3.get_bucket_cors(Bucket="boto")["CORSRules"] == [rule]
    twice = {**rule, "AllowedOrigins": ["*.*"]}
    refused(
        "InvalidRequest",
        s3.put_bucket_cors,
        Bucket="boto",
        CORSConfiguration={"CORSRules": [twice]},
    )
    s3.put_object(Bucket="boto", Key="page", Body=b"for a page")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "boto", "Key": "page"})
    request = urllib.request.Request(url, headers={"Origin": "https://app.example.org"})
    with urllib.request.urlopen(request, context=tls) as reply:
        assert reply.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
        assert reply.headers["Access-Control-Expose-Headers"] == "ETag"
    s3.delete_object(Bucket="boto", Key="page")
    s3.delete_bucket_cors(Bucket="boto")
    refused("NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket="boto")


def presigned():
    # Without more being said boto3 signs addresses by Signature Version 2.
    for config in [None, Config(signature_version="s3v4")]:
        client = boto3.client("s3", endpoint_url=endpoint, verify=ca, config=config)
        target = {"Bucket": "boto", "Key": "presigned ü"}
        put = client.generate_presigned_url("put_object", Params=target, ExpiresIn=60)
        fetch(put, data=b"sent", method="PUT", headers={"Content-Type": ""})
        get = client.generate_presigned_url(
            "get_object", Params={**target, "ResponseContentType": "a/b"}, ExpiresIn=60
        )
        assert fetch(get) == b"sent"
        try:
            fetch(get + "x")
        except urllib.error.HTTPError as error:
            assert error.code == 403, error.code
        else:
            raise AssertionError("a spoilt signature was taken")
        delete = client.generate_presigned_url("delete_object", Params=target, ExpiresIn=60)
        fetch(delete, method="DELETE")
        refused("NoSuchKey", s3.get_object, **target)


def presigned_post():
    for config in [None, Config(signature_version="s3v4")]:
        client = boto3.client("s3", endpoint_url=endpoint, verify=ca, config=config)
        form = client.generate_presigned_post("boto", "posted/${filename}", ExpiresIn=60)
        line = "--frontier"
        parts = [
            f'{line}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in form["fields"].items()
        ]
        file = 'Content-Disposition: form-data; name="file"; filename="f.txt"'
        parts.append(f"{line}\r\n{file}\r\nContent-Type: text/plain\r\n\r\nposted\r\n{line}--\r\n")
        headers = {"Content-Type": "multipart/form-data; boundary=frontier"}
        fetch(form["url"], data="".join(parts).encode(), method="POST", headers=headers)
        assert s3.get_object(Bucket="boto", Key="posted/f.txt")["Body"].read() == b"posted"
        s3.delete_object(Bucket="boto", Key="posted/f.txt")


def acls():
    s3.create_bucket(Bucket="boto-acls", ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket="boto-acls")
    s3.put_object(Bucket="boto-acls", Key="open", Body=b"open", ACL="public-read")
    assert fetch(f"{endpoint}/boto-acls/open") == b"open"
    resource = boto3.resource("s3", endpoint_url=endpoint, verify=ca)
    acl = resource.ObjectAcl("boto-acls", "open")
    assert [grant["Permission"] for grant in acl.grants] == ["FULL_CONTROL", "READ"]
    acl.put(AccessControlPolicy={"Owner": acl.owner, "Grants": acl.grants[:1]})
    try:
        fetch(f"{endpoint}/boto-acls/open")
        raise AssertionError("a private object was read")
    except urllib.error.HTTPError as error:
        assert error.code == 403
    bucket = resource.BucketAcl("boto-acls")
    bucket.put(ACL="public-read")
    assert b"<Key>open</Key>" in fetch(f"{endpoint}/boto-acls")
    control = boto3.client("s3control", endpoint_url=endpoint, verify=ca)

    # The account stands before the host's name, which is no name that there is.
    def to_server(request, **_):
        request.headers["Host"] = request.url.split("/")[2]
        request.url = endpoint + "/" + request.url.split("/", 3)[3]

    control.meta.events.register("before-send.s3-control", to_server)
    account = {"AccountId": boto3.client("sts", endpoint_url=endpoint, verify=ca).get_caller_identity()["Account"]}
    refused("NoSuchPublicAccessBlockConfiguration", control.get_public_access_block, **account)
    blocked = {"BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": True, "RestrictPublicBuckets": False}
    control.put_public_access_block(PublicAccessBlockConfiguration=blocked, **account)
    assert control.get_public_access_block(**account)["PublicAccessBlockConfiguration"] == blocked
    refused("AccessDenied", bucket.put, ACL="public-read")
    control.delete_public_access_block(**account)
    s3.delete_object(Bucket="boto-acls", Key="open")
    s3.delete_bucket(Bucket="boto-acls")


def listings():
    bucket = boto3.resource("s3", endpoint_url=endpoint, verify=ca).Bucket("boto")
    bucket.objects.all().delete()
    keys = [f"list/{number:04}" for number in range(30)] + ["list/a b+c%25", "list/\x01", "list/ü"]
    for key in keys:
        s3.put_object(Bucket="boto", Key=key, Body=b"x")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket="boto", Prefix="list/", PaginationConfig={"PageSize": 7}
    )
    listed = [entry["Key"] for page in pages for entry in page["Contents"]]
    assert listed == sorted(keys, key=lambda key: key.encode()), listed
    # XML 1.0 cannot carry the control character, so boto3 cannot read an answer that names the key.
    named = [{"Key": key} for key in keys if key != "list/\x01"]
    deleted = s3.delete_objects(Bucket="boto", Delete={"Objects": named})
    assert len(deleted["Deleted"]) == len(named) and "Errors" not in deleted
    quiet = {"Objects": [{"Key": "list/\x01"}], "Quiet": True}
    assert "Errors" not in s3.delete_objects(Bucket="boto", Delete=quiet)
    s3.delete_bucket(Bucket="boto")


steps = [
    buckets,
    objects,
    checksums,
    default_multipart,
    managed_transfers,
    tags_and_versions,
    cors,
    presigned,
    presigned_post,
    acls,
    listings,
]
for step in steps:
    step()
    print(step.__name__, flush=True)
