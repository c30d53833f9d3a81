using System;

namespace Causeway.ADSync.Api;

/// <summary>Why Connect did not fulfil a request. The code is stable, and the message is for people.</summary>
public sealed class ConnectException : Exception
{
    public ConnectException(string code, string message, Exception? cause = null, int status = 0)
        : base(message, cause)
    {
        Code = code;
        Status = status;
    }

    /// <summary>For programs, for example <c>no-such-connector</c>.</summary>
    public string Code { get; }

    /// <summary>HTTP status of the answer; 0 without one.</summary>
    public int Status { get; }

    /// <summary>The connection or the caller is at fault, so any further input would fail too.</summary>
    public bool EndsAll => (Status == 0 && Code != "bad-answer") || Status == 401 || Status == 403;
}
